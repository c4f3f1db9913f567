package validate

import "fmt"

// rule checks a request and returns the error message, "" if there is none.
type rule struct {
	name  string
	check func(*request) string
}

// rules returns all rules, in the order in which they are checked.
func rules() []rule {
	return []rule{
		{"model identifier", modelIdentifier},
		{"on-demand", onDemand},
		{"prompt members", promptMembers},
		{"response field paths", responseFieldPaths},

		{"first turn", firstTurn},
		{"system turns", systemTurns},
		{"alternating turns", alternatingTurns},
		{"empty turn", emptyTurn},
		{"blank text", blankText},
		{"blank system", blankSystem},
		{"misplaced blocks", misplacedBlocks},

		{"tool config", toolConfigNeeded},
		{"tool names", toolNames},
		{"tool choice", toolChoice},
		{"tool schema", toolSchema},
		{"tool documents", toolDocuments},
		{"missing results", missingResults},
		{"surplus results", surplusResults},
		{"result content", resultContent},
		{"strict tools", strictTools},

		{"media count", mediaCount},
		{"media size", mediaSize},
		{"document text", documentText},
		{"document names", documentNames},

		{"tool support", toolSupport},
		{"tool choice support", toolChoiceSupport},
		{"system support", systemSupport},
		{"status support", statusSupport},
		{"token cap", tokenCap},
		{"last turn", lastTurn},
		{"beside results", besideResults},
		{"sampling", sampling},
		{"blank stop sequence", blankStopSequence},
		{"thinking", thinking},
		{"reasoning", reasoning},
		{"cache support", cacheSupport},
		{"cache points", cachePointLimits},
	}
}

// checkRules returns the error of the first rule that fails.
func (r *request) checkRules() *Error {
	for _, rule := range rules() {
		if message := rule.check(r); message != "" {
			return ruleError(rule.name, message)
		}
	}
	return nil
}

// ruleError is the error for a rule's message.
func ruleError(rule, message string) *Error {
	e := invalid(rule, message)
	if message == cachingNotAllowed {
		e.Code, e.Status = "AccessDeniedException", 403
	}
	return e
}

// returned formats an error of the model itself.
func returned(format string, args ...any) string {
	return "The model returned the following errors: " + fmt.Sprintf(format, args...)
}
