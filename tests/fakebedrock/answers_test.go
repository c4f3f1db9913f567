package fakebedrock_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"bedrock-extproc/tests/fakebedrock"
)

func weatherTool() *types.ToolConfiguration {
	return &types.ToolConfiguration{Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
		Name: new("get_weather"), Description: new("Get current weather for a city"),
		InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(map[string]any{
			"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
		})},
	}}}}
}

func TestWholeAnswer(t *testing.T) {
	_, client := start(t, fakebedrock.Config{})
	got, out := say(t, client, ask("What is 2+2?"))
	if want := "2 + 2 = 4."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if out.StopReason != types.StopReasonEndTurn || *out.Usage.InputTokens == 0 || *out.Usage.OutputTokens == 0 ||
		*out.Usage.TotalTokens != *out.Usage.InputTokens+*out.Usage.OutputTokens || out.Metrics.LatencyMs == nil {
		t.Errorf("stop reason %q, usage %+v, metrics %+v", out.StopReason, out.Usage, out.Metrics)
	}
}

func TestStreamedAnswerHasTheTextOfTheWholeOne(t *testing.T) {
	_, client := start(t, fakebedrock.Config{})
	whole, _ := say(t, client, ask("Explain quantum computing"))
	events, err := collect(t, client, askStream("Explain quantum computing"))
	if err != nil {
		t.Fatal(err)
	}
	if got := streamText(events); got != whole || !strings.Contains(got, "qubit") {
		t.Errorf("streamed %q\nwhole %q", got, whole)
	}
	if len(events) < 100 {
		t.Errorf("only %d events", len(events))
	}
}

func TestToolCallWholeAndStreamed(t *testing.T) {
	_, client := start(t, fakebedrock.Config{})
	for _, model := range []string{claude, nova} {
		in := ask("What is the weather in Seattle?")
		in.ModelId, in.ToolConfig = &model, weatherTool()
		_, out := say(t, client, in)
		content := out.Output.(*types.ConverseOutputMemberMessage).Value.Content
		use, ok := content[len(content)-1].(*types.ContentBlockMemberToolUse)
		if !ok || out.StopReason != types.StopReasonToolUse {
			t.Fatalf("%s: last block %T, stop reason %q", model, content[len(content)-1], out.StopReason)
		}
		input, err := use.Value.Input.MarshalSmithyDocument()
		if err != nil || string(input) != `{"city":"Seattle"}` || *use.Value.Name != "get_weather" {
			t.Errorf("%s: %s(%s), %v", model, *use.Value.Name, input, err)
		}

		stream := askStream("What is the weather in Seattle?")
		stream.ModelId, stream.ToolConfig = &model, weatherTool()
		events, err := collect(t, client, stream)
		if err != nil {
			t.Fatal(err)
		}
		fragments := toolFragments(events)
		var args map[string]string
		if err := json.Unmarshal([]byte(strings.Join(fragments, "")), &args); err != nil || args["city"] != "Seattle" {
			t.Errorf("%s: fragments %q", model, fragments)
		}
		if claudes := fragments[0] == "" && len(fragments) > 2; claudes != (model == claude) {
			t.Errorf("%s: fragments %q do not match the family", model, fragments)
		}
	}
}

func toolFragments(events []types.ConverseStreamOutput) []string {
	var list []string
	for _, ev := range events {
		if delta, ok := ev.(*types.ConverseStreamOutputMemberContentBlockDelta); ok {
			if use, ok := delta.Value.Delta.(*types.ContentBlockDeltaMemberToolUse); ok {
				list = append(list, *use.Value.Input)
			}
		}
	}
	return list
}
