package converse

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

func is[T any](v T) family.Rule[T] { return family.Rule[T]{Value: v} }

// odd is a request that needs every repair that the family's rules require.
func odd(t *testing.T, f *family.Family) *Request {
	t.Helper()
	r := New(Rules{Model: "m", Family: f})
	content := func(text string) []Block {
		blocks, err := r.Content(Field{rawjson.Value(text), "content"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return blocks
	}
	const point, hour = `{"cachePoint":{"type":"default"}}`, `{"cachePoint":{"type":"default","ttl":"1h"}}`
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(r.AddSystem(content(`[` + point + `]`)))
	must(r.AddTool("tools[0]", rawjson.Member{Name: "cachePoint", Value: rawjson.Value(`{"type":"default"}`)}))
	must(r.AddTurn("user", content(`[{"text":"hi"},`+hour+`]`), "messages[0]"))
	must(r.AddTurn("assistant", content(`[{"toolUse":{"toolUseId":"a b","name":"x y","input":{}}},{"toolUse":{"toolUseId":"t2","name":"f","input":{}}}]`), "messages[1]"))
	must(r.AddTurn("user", content(`[`+point+`,{"text":"and"},{"toolResult":{"toolUseId":"t2","content":[{"text":"2"}]}},{"toolResult":{"toolUseId":"a b","content":[{"text":"1"}]}}]`), "messages[2]"))
	must(r.AddTurn("assistant", content(`"so "`), "messages[3]"))
	r.Choose("any", "tool_choice")
	return r
}

// written is the request as it would be sent now.
func written(r *Request) string {
	return string(r.appendToolConfig(r.appendTurns(appendBlocks([]byte("{"), "system", r.system))))
}

// TestChecksChangeNothing: checks change neither a request that they refuse nor one
// that they accept. A repair changes it, with a warning, and refuses nothing.
func TestChecksChangeNothing(t *testing.T) {
	trims := &family.Family{Name: "trims", LastTurn: is("trimmed"), NoCachePoints: is([]string{"after_tool_result"}), CacheHour: is("refused")}
	refuses := &family.Family{Name: "refuses", LastTurn: is("user"), ToolResultsAlone: is(true), FirstTurn: is("user")}
	for _, f := range []*family.Family{trims, refuses} {
		r := odd(t, f)
		unchanged := func(step step) {
			before, warnings := written(r), len(r.Warnings())
			_ = step(r) // other tests check whether it refuses
			if diff := cmp.Diff(before, written(r)); diff != "" || len(r.Warnings()) != warnings {
				t.Errorf("a check changed the request (-before +after):\n%s", diff)
			}
		}
		for _, check := range checks {
			unchanged(check)
		}
		for _, repair := range repairs {
			before, warnings := written(r), len(r.Warnings())
			if err := repair(r); err != nil {
				t.Errorf("a repair refused: %v", err)
			}
			changed, warned := before != written(r), len(r.Warnings()) > warnings
			if changed != warned || f == trims && !changed {
				t.Errorf("changed: %t, warned: %t:\n%s", changed, warned, cmp.Diff(before, written(r)))
			}
		}
		for _, check := range finalChecks {
			unchanged(check)
		}
	}
}
