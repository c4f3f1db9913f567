package fakebedrock_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
)

// outline summarizes a stream: kinds of starts and deltas with block indexes.
func outline(t *testing.T, frames []frame) []string {
	t.Helper()
	var list []string
	for _, f := range frames {
		var p struct {
			Index        int `json:"contentBlockIndex"`
			Start, Delta map[string]json.RawMessage
			StopReason   string
		}
		if err := json.Unmarshal([]byte(f.payload), &p); err != nil {
			t.Fatal(err)
		}
		switch kind := f.header(":event-type"); kind {
		case "contentBlockStart":
			list = append(list, "start "+one(p.Start))
		case "contentBlockDelta":
			list = append(list, "delta "+one(p.Delta))
		case "contentBlockStop":
			list = append(list, "stop")
		case "messageStop":
			list = append(list, p.StopReason)
		}
	}
	return list
}

// one returns the JSON of a union.
func one(union map[string]json.RawMessage) string {
	for kind, value := range union {
		return kind + " " + string(value)
	}
	return ""
}

func streamOf(t *testing.T, model string, reply fakebedrock.Reply) []string {
	t.Helper()
	config := scripted(fakebedrock.Behaviour{Reply: &reply})
	config.AllowUnsigned = true
	s := serve(t, config, false)
	resp, err := s.client.Post(s.url+"/model/"+model+"/converse-stream", "application/json", strings.NewReader(helloBody))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	frames, err := readFrames(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return outline(t, frames)
}

func TestBlocksOnAStream(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for name, test := range map[string]struct {
		model string
		block fakebedrock.ReplyBlock
		want  []string
	}{
		"text":       {claude, fakebedrock.ReplyBlock{"text": "Hi there <&>"}, []string{`delta text "Hi"`, `delta text " there"`, `delta text " "`, `delta text "<"`, `delta text "&"`, `delta text ">"`}},
		"empty text": {claude, fakebedrock.ReplyBlock{"text": ""}, []string{`delta text ""`}},
		"claude's tool": {
			claude,
			fakebedrock.ReplyBlock{"toolUse": raw(`{"toolUseId":"a","name":"t","input":{"z":1.0,"a":12345678901234567890}}`)},
			[]string{
				`start toolUse {"name":"t","toolUseId":"a"}`, `delta toolUse {"input":""}`, `delta toolUse {"input":"{\"z"}`, `delta toolUse {"input":"\":1"}`,
				`delta toolUse {"input":".0,"}`, `delta toolUse {"input":"\"a\""}`, `delta toolUse {"input":":1234567890123456"}`, `delta toolUse {"input":"7890}"}`,
			},
		},
		"nova's tool": {
			nova,
			fakebedrock.ReplyBlock{"toolUse": raw(`{"toolUseId":"a","name":"t","input":{"z":1.0,"a":2}}`)},
			[]string{`start toolUse {"name":"t","toolUseId":"a"}`, `delta toolUse {"input":"{\"z\":1.0,\"a\":2}"}`},
		},
		"claude's tool without arguments": {claude, fakebedrock.ReplyBlock{"toolUse": raw(`{"toolUseId":"a","name":"t","input":{}}`)}, []string{`start toolUse {"name":"t","toolUseId":"a"}`, `delta toolUse {"input":""}`}},
		"nova's tool without arguments":   {nova, fakebedrock.ReplyBlock{"toolUse": raw(`{"toolUseId":"a","name":"t","input":{}}`)}, []string{`start toolUse {"name":"t","toolUseId":"a"}`, `delta toolUse {"input":"{}"}`}},
		"reasoning": {
			claude,
			fakebedrock.ReplyBlock{"reasoningContent": raw(`{"reasoningText":{"text":"I think","signature":"c2ln"}}`)},
			[]string{`delta reasoningContent {"text":"I"}`, `delta reasoningContent {"text":" think"}`, `delta reasoningContent {"signature":"c2ln"}`},
		},
		"redacted": {claude, fakebedrock.ReplyBlock{"reasoningContent": raw(`{"redactedContent":"AAAA"}`)}, []string{`delta reasoningContent {"redactedContent":"AAAA"}`}},
		"citations": {
			claude,
			fakebedrock.ReplyBlock{"citationsContent": raw(`{"content":[{"text":"Cats"}],"citations":[{"title":"b"}]}`)},
			[]string{`delta text "Cats"`, `delta citation {"title":"b"}`},
		},
		"server tool's result": {
			nova,
			fakebedrock.ReplyBlock{"toolResult": raw(`{"toolUseId":"a","type":"x_result","content":[{"json":{"n":1}}]}`)},
			[]string{`start toolResult {"toolUseId":"a","type":"x_result"}`, `delta toolResult [{"json":{"n":1}}]`},
		},
		"image":   {nova, fakebedrock.ReplyBlock{"image": raw(`{"format":"png","source":{"bytes":"AAAA"}}`)}, []string{`start image {"format":"png"}`, `delta image {"source":{"bytes":"AAAA"}}`}},
		"unknown": {claude, fakebedrock.ReplyBlock{"hologram": raw(`{"depth":3}`)}, []string{`start hologram {}`, `delta hologram {"depth":3}`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := streamOf(t, test.model, fakebedrock.Reply{Content: []fakebedrock.ReplyBlock{test.block}})
			if diff := cmp.Diff(append(test.want, "stop", "end_turn"), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScriptedReply(t *testing.T) {
	reply := fakebedrock.Reply{
		Content:    []fakebedrock.ReplyBlock{{"text": "a"}, {"toolUse": json.RawMessage(`{"toolUseId":"x","name":"t","input":{"n":1}}`)}},
		StopReason: "brand_new_reason",
		Usage:      fakebedrock.Usage{InputTokens: 3, OutputTokens: 121, CacheReadTokens: 1712, CacheWriteTokens: 236},
		Trace:      json.RawMessage(`{"guardrail":{"actionReason":"none"}}`),
	}
	_, client := start(t, scripted(fakebedrock.Behaviour{Reply: &reply}))
	got, out := say(t, client, ask("hello"))
	if got != "a" || out.StopReason != "brand_new_reason" || *out.Usage.TotalTokens != 2072 || *out.Usage.CacheReadInputTokens != 1712 || out.Trace == nil {
		t.Errorf("%q, %+v", got, out)
	}
	events, err := collect(t, client, askStream("hello"))
	if err != nil {
		t.Fatal(err)
	}
	last, ok := events[len(events)-1].(*types.ConverseStreamOutputMemberMetadata)
	if !ok || *last.Value.Usage.TotalTokens != 2072 || last.Value.Trace == nil || last.Value.Metrics.LatencyMs == nil {
		t.Errorf("last event %+v", events[len(events)-1])
	}
}

func TestScriptedEvents(t *testing.T) {
	config := scripted(fakebedrock.Behaviour{Events: []fakebedrock.Event{
		{Type: "messageStart", Members: map[string]any{"role": "assistant"}},
		{Type: "messageStop", Raw: []byte(`{"stopReason":"end_turn","z":1.0}`)},
	}})
	s := serve(t, config, false)
	_, frames, err := s.stream(helloBody)
	if err != nil || len(frames) != 2 || frames[1].payload != `{"stopReason":"end_turn","z":1.0}` {
		t.Errorf("got %v, %v, want two frames, the second as scripted", frames, err)
	}
}

// A reply that cannot be encoded as JSON is reported as an error.
func TestReplyThatIsNotJSON(t *testing.T) {
	reply := fakebedrock.Reply{Content: []fakebedrock.ReplyBlock{{"text": make(chan int)}}}
	_, client := start(t, scripted(fakebedrock.Behaviour{Reply: &reply}))
	_, whole := client.Converse(t.Context(), ask("hello"))
	_, streamed := client.ConverseStream(t.Context(), askStream("hello"), bedrocktest.OwnProtocol)
	for _, err := range []error{whole, streamed} {
		if code(err) != "InternalServerException" || !strings.Contains(err.Error(), "not JSON") {
			t.Errorf("got %v", err)
		}
	}
}

func TestCutToolInput(t *testing.T) {
	in := ask("What is the weather in Seattle?")
	in.ToolConfig = weatherTool()
	in.ToolConfig.ToolChoice = &types.ToolChoiceMemberAny{}
	in.InferenceConfig = &types.InferenceConfiguration{MaxTokens: new(int32(7))}
	_, client := start(t, fakebedrock.Config{})
	_, out := say(t, client, in)
	use := out.Output.(*types.ConverseOutputMemberMessage).Value.Content[0].(*types.ContentBlockMemberToolUse)
	if input, err := use.Value.Input.MarshalSmithyDocument(); err != nil || string(input) != "{}" || out.StopReason != types.StopReasonMaxTokens {
		t.Errorf("whole: %s, %v, %s", input, err, out.StopReason)
	}
	stream := askStream("What is the weather in Seattle?")
	stream.ToolConfig, stream.InferenceConfig = in.ToolConfig, in.InferenceConfig
	events, err := collect(t, client, stream)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(toolFragments(events), ""); got == "" || json.Valid([]byte(got)) {
		t.Errorf("streamed input %q is not cut", got)
	}
}
