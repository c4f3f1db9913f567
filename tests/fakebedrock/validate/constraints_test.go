package validate

import (
	"strings"
	"testing"
)

const ending = `"messages":[` + hello + `]}`

func TestConstraints(t *testing.T) {
	long := strings.Repeat("a", 65)
	for name, c := range map[string]struct {
		body string
		want []string // the whole message, or parts of it
	}{
		"tool name": {
			`{"toolConfig":{"tools":[{"toolSpec":{"name":"a b","inputSchema":{"json":{"type":"object"}}}}]},` + ending,
			[]string{"1 validation error detected: Value 'a b' at 'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"},
		},
		"long tool name": {
			offer("", spec(long, `{"type":"object"}`)),
			[]string{"toolConfig.tools.1.member.toolSpec.name", "length less than or equal to 64"},
		},
		"replayed tool name": {
			withTools(hello, turn("assistant", strings.Replace(call("a"), `"t"`, `"a b"`, 1))),
			[]string{"'messages.2.member.content.1.member.toolUse.name'"},
		},
		"tool use id": {
			withTools(hello, turn("assistant", call("a/b"))),
			[]string{"Value 'a/b' at 'messages.2.member.content.1.member.toolUse.toolUseId'"},
		},
		"chosen tool name": {
			offer(`,"toolChoice":{"tool":{"name":"a.b"}}`, spec("t", `{"type":"object"}`)),
			[]string{"'toolConfig.toolChoice.tool.name'"},
		},
		"empty description is not repeated": {
			offer("", strings.Replace(spec("t", `{"type":"object"}`), `"name"`, `"description":"","name"`, 1)),
			[]string{"Value at 'toolConfig.tools.1.member.toolSpec.description' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		},
		"no tools":          {`{"toolConfig":{"tools":[]},` + ending, []string{"'toolConfig.tools'", "length greater than or equal to 1"}},
		"missing member":    {`{"toolConfig":{},` + ending, []string{"Value null at 'toolConfig.tools' failed to satisfy constraint: Member must not be null"}},
		"null member":       {`{"toolConfig":{"tools":null},` + ending, []string{"Member must not be null"}},
		"null in a list":    {`{"messages":[null]}`, []string{"Value null at 'messages.1.member'"}},
		"role":              {messages(turn("tool", text("a"))), []string{"Value 'tool' at 'messages.1.member.role'", "enum value set: [user, assistant, system]"}},
		"temperature":       {`{"inferenceConfig":{"temperature":1.5},` + ending, []string{"Value '1.5' at 'inferenceConfig.temperature'", "less than or equal to 1"}},
		"negative topP":     {`{"inferenceConfig":{"topP":-0.1},` + ending, []string{"Value '-0.1' at 'inferenceConfig.topP'", "greater than or equal to 0"}},
		"no tokens":         {`{"inferenceConfig":{"maxTokens":0},` + ending, []string{"Value '0' at 'inferenceConfig.maxTokens'", "greater than or equal to 1"}},
		"stop sequence":     {`{"inferenceConfig":{"stopSequences":["a",""]},` + ending, []string{"Value '' at 'inferenceConfig.stopSequences.2.member'"}},
		"system text":       {`{"system":[{"text":""}],` + ending, []string{"'system.1.member.text'"}},
		"empty image":       {messages(turn("user", `{"image":{"format":"png","source":{"bytes":""}}}`)), []string{"Value at 'messages.1.member.content.1.member.image.source.bytes'"}},
		"image format":      {messages(turn("user", strings.Replace(image(9), "png", "jpg", 1))), []string{"Value 'jpg'", "[png, jpeg, gif, webp]"}},
		"metadata":          {`{"requestMetadata":{"a":"b*c"},` + ending, []string{"Value 'b*c' at 'requestMetadata.a'"}},
		"empty metadata":    {`{"requestMetadata":{},` + ending, []string{"'requestMetadata'", "length greater than or equal to 1"}},
		"guardrail version": {`{"guardrailConfig":{"guardrailIdentifier":"a","guardrailVersion":"x"},` + ending, []string{"Value 'x' at 'guardrailConfig.guardrailVersion'"}},
		"service tier":      {`{"serviceTier":{"type":"gold"},` + ending, []string{"[priority, default, flex, reserved]"}},
		"project":           {`{"projectIdentifier":"a b",` + ending, []string{"Value 'a b' at 'projectIdentifier'", "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+|arn:aws"}},
		"two at once": {
			`{"inferenceConfig":{"maxTokens":0,"temperature":2},` + ending,
			[]string{"2 validation errors detected: ", "'inferenceConfig.maxTokens'", "; Value '2' at 'inferenceConfig.temperature'"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := Request(claude, []byte(c.body), Options{})
			if err == nil || err.Rule != "constraint" || err.Code != "ValidationException" || err.Status != 400 {
				t.Fatalf("got %+v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Message, want) {
					t.Errorf("%q\nlacks %q", err.Message, want)
				}
			}
			if strings.HasPrefix(c.want[0], "1 ") && err.Message != c.want[0] {
				t.Errorf("got %q, want %q", err.Message, c.want[0])
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct{ body, rule, code, want string }{
		"nothing":          {``, "types", "SerializationException", "not JSON"},
		"half":             {`{"messages":[`, "types", "SerializationException", "not JSON"},
		"two":              {`{} {}`, "types", "SerializationException", "trailing data"},
		"list":             {`[]`, "types", "SerializationException", "the request body is a list, not an object"},
		"wrong type":       {`{"messages":"hello"}`, "types", "SerializationException", "messages is a string, not a list"},
		"deep wrong type":  {messages(turn("user", `{"text":1}`)), "types", "SerializationException", "messages.0.content.0.text is a number, not a string"},
		"not an integer":   {`{"inferenceConfig":{"maxTokens":1.5},` + ending, "types", "SerializationException", "inferenceConfig.maxTokens is a number, not an integer"},
		"not a truth":      {offer("", strings.Replace(spec("t", `{}`), `"name"`, `"strict":"yes","name"`, 1)), "types", "SerializationException", "not a boolean"},
		"not base64":       {messages(turn("user", `{"image":{"format":"png","source":{"bytes":"a-_b"}}}`)), "types", "SerializationException", "not base64"},
		"unknown member":   {`{"temperature":1,` + ending, "unknown member", "ValidationException", "request: extraneous key [temperature] is not permitted"},
		"unknown below":    {messages(turn("user", `{"text":"a","type":"text"}`)), "unknown member", "ValidationException", "messages.0.content.0: extraneous key [type]"},
		"cache in results": {withTools(hello, turn("assistant", call("a")), turn("user", strings.Replace(result("a"), `{"text":"done"}`, cachePointBlock, 1))), "unknown member", "ValidationException", "messages.2.content.0.toolResult.content.0: extraneous key [cachePoint]"},
		"empty block":      {messages(turn("user", `{}`)), "union", "ValidationException", "messages.0.content.0 must set one of"},
		"two kinds":        {messages(turn("user", `{"text":"a","cachePoint":{"type":"default"}}`)), "union", "ValidationException", "messages.0.content.0 must set one of"},
		"stream mode":      {`{"guardrailConfig":{"streamProcessingMode":"sync"},` + ending, "unknown member", "ValidationException", "guardrailConfig: extraneous key [streamProcessingMode]"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Request(claude, []byte(c.body), Options{})
			if err == nil || err.Rule != c.rule || err.Code != c.code || !strings.Contains(err.Message, c.want) {
				t.Errorf("got %+v, want %q", err, c.want)
			}
		})
	}
}

func TestTaken(t *testing.T) {
	for name, body := range map[string]string{
		"null members":     `{"system":null,"toolConfig":null,` + ending,
		"empty lists":      `{"system":[],"inferenceConfig":{"stopSequences":[]},` + ending,
		"empty config":     `{"inferenceConfig":{},` + ending,
		"reasoning effort": `{"outputConfig":{"effort":"xhigh"},` + ending,
		"json schema":      `{"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"name":"a","schema":"{}"}}}},` + ending,
		"metadata":         `{"requestMetadata":{"fake.fault":"cut, 3 +-=/@_#$:"},` + ending,
		"big numbers":      withTools(hello, turn("assistant", strings.Replace(call("a"), "{}}", `{"n":12345678901234567890.50e400}}`, 1))),
		"kimi's ids":       withTools(hello, turn("assistant", call("functions.t:0")), turn("user", result("functions.t:0"))),
		"server tool":      withTools(hello, turn("assistant", strings.Replace(call("a"), `"name"`, `"type":"server_tool_use","name"`, 1), result("a"), text("done")), hello),
		"citations": messages(hello, turn("assistant", `{"citationsContent":{"content":[{"text":"a"}],"citations":[{"title":"b","sourceContent":[{"text":"c"}],`+
			`"location":{"documentChar":{"documentIndex":0,"start":0,"end":1}}}]}}`), hello),
		"search result": messages(turn("user", `{"searchResult":{"source":"a","title":"b","content":[{"text":"c"}],"citations":{"enabled":true}}}`, text("see"))),
		"guard content": messages(turn("user", `{"guardContent":{"text":{"text":"a","qualifiers":["query"]}}}`)),
		"audio":         messages(turn("user", `{"audio":{"format":"x-aac","source":{"s3Location":{"uri":"s3://bucket/key"}}}}`, text("hear"))),
		"owner":         messages(turn("user", `{"audio":{"format":"mp3","source":{"s3Location":{"uri":"s3://bucket","bucketOwner":"123456789012"}}}}`, text("hear"))),
		"project":       `{"projectIdentifier":"default",` + ending,
		"project's ARN": `{"projectIdentifier":"arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:project/proj_1",` + ending,
		"white space":   messages(turn("user", text(" a "))),
	} {
		t.Run(name, func(t *testing.T) {
			if err := Request(claude, []byte(body), Options{}); err != nil {
				t.Errorf("rejected: %+v", err)
			}
		})
	}
	if err := Request(claude, []byte(`{"guardrailConfig":{"streamProcessingMode":"sync"},`+ending), Options{Streaming: true}); err != nil {
		t.Errorf("stream mode: %+v", err)
	}
}
