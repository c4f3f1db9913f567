package dialecttest

import (
	"math/rand/v2"
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock/validate"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// Leave tells rules about what is passed on, so that Bedrock decides, for a model.
type Leave func(rule, model string) bool

// LeftToBedrock is the Leave of all dialects: what a family supports at all, where content
// blocks may stand, whether bytes are the image they claim to be, and what is not known of
// a family.
func LeftToBedrock(rule, model string) bool {
	switch rule {
	case "tool support", "tool choice support", "system support", "cache support", "token cap", "misplaced blocks", "image type":
		return true
	case "first turn":
		return strings.Contains(model, "gpt-oss")
	}
	return false
}

// models are of families with different rules.
func models() []string {
	return []string{
		"anthropic.claude-3-haiku-20240307-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-opus-4-7-v1:0",
		"us.amazon.nova-pro-v1:0", "us.meta.llama3-3-70b-instruct-v1:0", "mistral.mistral-large-2407-v1:0", "us.writer.palmyra-x5-v1:0",
		"openai.gpt-oss-20b-1:0", "qwen.qwen3-32b-v1:0",
	}
}

// Generated checks 8,000 requests: the service accepts every request that the dialect
// accepts, and of a request that strict mode accepts, both modes send the same bytes.
func Generated(t *testing.T, newDialect NewDialect, request func(Generator) string, leave Leave) {
	t.Helper()
	dialects := InModes(t, newDialect, converse.Repair, converse.Strict)
	repair, strict := dialects[0], dialects[1]
	g := Generator{rand.New(rand.NewPCG(7, 8))}
	accepted, refusals := 0, map[string]int{}
	for i := range 8000 {
		body := request(g)
		req := translator.Request{Body: []byte(body), DefaultModel: models()[i%len(models())]}
		call, err := repair.Decode(req)
		exact, strictErr := strict.Decode(req)
		if err != nil {
			refusals[translator.AsError(err).Message]++
			if strictErr == nil {
				t.Errorf("strict mode takes what repair mode does not: %v\n%s", err, body)
			}
			continue
		}
		accepted++
		if strictErr == nil && string(exact.Body) != string(call.Body) {
			t.Errorf("%s\nrepair %s\nstrict %s", body, call.Body, exact.Body)
		}
		if e := validate.Request(call.Model, call.Body, validate.Options{Streaming: call.Streaming}); e != nil && !leave(e.Rule, call.Model) {
			t.Errorf("%s refuses: %v (rule %s)\n%s\n%s", call.Model, e, e.Rule, body, call.Body)
		}
		if t.Failed() {
			return
		}
	}
	if accepted < 1000 || len(refusals) < 20 {
		t.Errorf("only %d requests were accepted, and there were %d kinds of refusals", accepted, len(refusals))
	}
}

// NewDialect makes a dialect that translates in a mode.
type NewDialect func(converse.Mode) (translator.Dialect, error)

// InModes makes a dialect for each mode.
func InModes(t testing.TB, newDialect NewDialect, modes ...converse.Mode) []translator.Dialect {
	t.Helper()
	all := make([]translator.Dialect, len(modes))
	for i, mode := range modes {
		var err error
		if all[i], err = newDialect(mode); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// An Accepted is the request of a golden case that the dialect accepts.
type Accepted struct {
	Case string
	Call *translator.Call
	// DefaultModel is what an alias without a dot is judged as.
	DefaultModel string
	// Models are the backend's aliases.
	Models map[string]string
}

// Valid checks requests against the service's rules, as the fake Bedrock knows them.
// notJudged are the cases that it rejects although the dialect accepts them, and why.
func Valid(t *testing.T, requests []Accepted, notJudged map[string]string, leave Leave) {
	t.Helper()
	taken := 0
	for _, r := range requests {
		model := r.Call.Model
		if strings.Count(model, ".") == 0 && !strings.HasPrefix(model, "arn:") {
			model = r.DefaultModel
		}
		refused := validate.Request(model, r.Call.Body, validate.Options{Streaming: r.Call.Streaming})
		if r.Call.CountTokens {
			refused = validate.CountTokens(strings.TrimPrefix(model, "us."), r.Call.Body, validate.Options{})
		}
		if id, ok := r.Models[model]; ok {
			model = id
		}
		switch why, expected := notJudged[r.Case]; {
		case expected && refused == nil:
			t.Errorf("%s: taken, although %s", r.Case, why)
		case !expected && refused != nil && !leave(refused.Rule, model):
			t.Errorf("%s: %v (rule %s)\n%s", r.Case, refused, refused.Rule, r.Call.Body)
		default:
			taken++
		}
	}
	if taken < 50 {
		t.Errorf("only %d requests were held to the rules", taken)
	}
}
