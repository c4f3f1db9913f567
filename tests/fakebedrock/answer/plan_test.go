package answer

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock/converse"
)

const twoTools = `,"toolConfig":{"tools":[{"toolSpec":{"name":"Read","inputSchema":{"json":{}}}},{"toolSpec":{"name":"Write","inputSchema":{"json":{}}}}]}`

// work answers until there is no further call, and runs each tool as "done".
func work(t *testing.T, r *converse.Request) []string {
	t.Helper()
	var list []string
	for range 5 {
		reply := Compose(r, Options{ModelID: "anthropic.claude"})
		list = append(list, outline(reply)...)
		if reply.StopReason != "tool_use" {
			return list
		}
		use := reply.Content[len(reply.Content)-1]["toolUse"].(map[string]any)
		id, text := use["toolUseId"].(string), "done"
		r.Messages = append(r.Messages,
			converse.Message{Role: "assistant", Content: []converse.Block{{ToolUse: &converse.ToolUse{ToolUseID: id, Name: use["name"].(string), Input: use["input"].(json.RawMessage)}}}},
			converse.Message{Role: "user", Content: []converse.Block{{ToolResult: &converse.ToolResult{ToolUseID: id, Content: []converse.Block{{Text: &text}}}}}})
	}
	t.Fatal("no end")
	return nil
}

func TestPlan(t *testing.T) {
	r := asking(t, `Please call Read with {"path": "a {b}"}, then call Write with {"path": "c"}.`, twoTools)
	want := []string{
		"I will call Read.", `Read({"path": "a {b}"})`, "I will call Write.", `Write({"path": "c"})`, "Write (c) says: done",
	}
	if diff := cmp.Diff(want, work(t, r)); diff != "" {
		t.Error(diff)
	}
	next := "Now call Read with {}"
	r.Messages = append(r.Messages, converse.Message{Role: "user", Content: []converse.Block{{Text: &next}}})
	if diff := cmp.Diff([]string{"I will call Read.", "Read({})", "Read says: done"}, work(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestNoPlan(t *testing.T) {
	for _, text := range []string{`call Read with {"path"`, `call Other with {}`, `recall Read with {}`} {
		if got := outline(Compose(asking(t, text, twoTools), Options{})); strings.Contains(strings.Join(got, ""), "I will call") {
			t.Errorf("%s: %q", text, got)
		}
	}
}
