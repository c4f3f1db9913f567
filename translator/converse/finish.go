package converse

// A step checks or repairs the request as a whole.
type step = func(*Request) error

// checks refuse what the client sent, and change nothing. They are in the order in
// which a reader of the request would find the faults.
var checks = []step{
	(*Request).checkRoles, (*Request).checkResults, (*Request).checkFirstTurn, (*Request).checkLastTurn,
	(*Request).checkBesideResults, (*Request).checkDocuments, (*Request).checkToolNames, (*Request).checkStrictTools,
}

// repairs change a request that passed the checks, and refuse it in strict mode only.
// Their order matters:
//   - sortResults needs one result for each call, which checkResults ensures. It comes
//     before dropCachePoints, since the position of a cache point depends on the block
//     before it.
//   - dropEmptyTools comes before declareTools, which declares tools where there are
//     none, and renameTools after it, since declared tools need the same names.
//   - dropEmptySystem comes after dropCachePoints, so that a dropped cache point causes
//     one warning.
var repairs = []step{
	(*Request).sortResults, (*Request).trimLastText, (*Request).dropEmptyTools, (*Request).declareTools, (*Request).renameTools,
	(*Request).dropCachePoints, (*Request).shortenCachePoints, (*Request).dropEmptySystem,
}

// finalChecks refuse faults that only the repaired request shows, and change nothing:
// there is no choice among tools that were dropped, and dropped cache points and
// system prompts break no rule.
var finalChecks = []step{(*Request).checkChoice, (*Request).checkCacheOrder, (*Request).checkPrompt}

// finish checks and repairs the request as a whole. In passthrough mode it only
// withholds tools.
func (r *Request) finish() error {
	r.withholdTools()
	if r.passes() {
		return nil
	}
	for _, phase := range [][]step{checks, repairs, finalChecks} {
		for _, step := range phase {
			if err := r.checkDone(); err != nil {
				return err
			}
			if err := step(r); err != nil {
				return err
			}
		}
	}
	return nil
}
