package answer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock/converse"
)

func parse(t *testing.T, body string) *converse.Request {
	t.Helper()
	var r converse.Request
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// asking returns a request with one user text and further members, rest.
func asking(t *testing.T, text, rest string) *converse.Request {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, `{"messages":[{"role":"user","content":[{"text":`+string(quoted)+`}]}]`+rest+`}`)
}

// outline summarizes a reply: texts, and calls as name(input).
func outline(reply converse.Reply) []string {
	var list []string
	for _, block := range reply.Content {
		if text, ok := block["text"].(string); ok {
			list = append(list, text)
			continue
		}
		if use, ok := block["toolUse"].(map[string]any); ok {
			list = append(list, fmt.Sprintf("%s(%s)", use["name"], use["input"]))
			continue
		}
		list = append(list, string(encode(block)))
	}
	return list
}

func TestArithmetic(t *testing.T) {
	for question, want := range map[string]string{
		"What is 2+2?":                  "2 + 2 = 4.",
		"what is 2 + 3 * 4":             "2 + 3 * 4 = 14.",
		"(2+3)*4":                       "(2 + 3) * 4 = 20.",
		"Compute -3 - -4.":              "-3 - -4 = 1.",
		"10/4?":                         "10 / 4 = 2.5.",
		"10/3":                          "10 / 3 ≈ 3.3333333333.",
		"0.1+0.2":                       "0.1 + 0.2 = 0.3.",
		"What's 6 times 7?":             "6 * 7 = 42.",
		"12 divided by 4 plus 1":        "12 / 4 + 1 = 4.",
		"1/0":                           "1 / 0 has no value: it divides by zero.",
		"99999999999999999999 + 1":      "99999999999999999999 + 1 = 100000000000000000000.",
		"7×6 and 1÷2":                   "7 * 6 = 42.",
		"is 2*(3 right":                 "",
		"on 2026-11-23 we met":          "",
		"I have 3 cats and 2 dogs":      "",
		"no numbers at all":             "",
		strings.Repeat("1+", 200) + "1": "",
	} {
		got, ok := calculate(question)
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q", question, got)
		}
	}
}

func TestWords(t *testing.T) {
	for question, want := range map[string]string{
		"Explain quantum computing":     "superposition",
		"Please explain how to fold":    "fold",
		"What is the capital of Peru?":  "capital of Peru",
		"Hello!":                        "stand-in for Amazon Bedrock",
		"The sky is low.":               `You said: "The sky is low."`,
		"Tell me about Envoy, in short": "Envoy, in short",
	} {
		reply := Compose(asking(t, question, ""), Options{})
		got := outline(reply)
		if len(got) != 1 || !strings.Contains(got[0], want) || reply.StopReason != "end_turn" {
			t.Errorf("%s: got %q, %s", question, got, reply.StopReason)
		}
	}
	explained := explain("fog")
	if strings.Count(explained, "fog") < 3 || !strings.Contains(explained, "stand-in") || strings.Count(explained, ". ") < 3 {
		t.Errorf("got %q", explained)
	}
}

const (
	weather = `{"toolSpec":{"name":"get_weather","description":"Get current weather for a city","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}}}}}}`
	search  = `{"toolSpec":{"name":"webSearch","description":"Search the web for news","inputSchema":{"json":{"type":"object","properties":{"query":{"type":"string"},"limit":{"type":"integer","minimum":3}},"required":["query","limit"]}}}}`
	sums    = `{"toolSpec":{"name":"calculator","description":"Evaluates","inputSchema":{"json":{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"]}}}}`
	flights = `{"toolSpec":{"name":"book_flight","description":"Book a flight","inputSchema":{"json":{"type":"object","properties":{"origin":{"type":"string"},"destination":{"type":"string"},"date":{"type":"string"},"seats":{"type":"integer"},"window":{"type":"boolean"}},"required":["origin","destination","date","window"]}}}}`
	noArgs  = `{"toolSpec":{"name":"list_servers","description":"All servers","inputSchema":{"json":{"type":"object"}}}}`
)

func offering(tools, choice string) string {
	if choice != "" {
		choice = `,"toolChoice":` + choice
	}
	return `,"toolConfig":{"tools":[` + tools + `]` + choice + `}`
}

func TestToolCalls(t *testing.T) {
	for question, test := range map[string]struct {
		tools, choice string
		want          []string
	}{
		"What is the weather in Seattle?":               {weather, "", []string{"I will ask get_weather.", `get_weather({"city": "Seattle"})`}},
		"what's the weather in seattle":                 {weather, `{"auto":{}}`, []string{"I will ask get_weather.", `get_weather({"city": "seattle"})`}},
		"Weather in Seattle and Paris?":                 {weather, "", []string{"I will ask get_weather.", `get_weather({"city": "Seattle"})`, `get_weather({"city": "Paris"})`}},
		"What is the weather in San Francisco, CA?":     {weather, "", []string{"I will ask get_weather.", `get_weather({"city": "San Francisco, CA"})`}},
		"Weather for New York, Rio and Oslo in celsius": {weather, "", []string{"I will ask get_weather.", `get_weather({"city": "New York", "unit": "celsius"})`, `get_weather({"city": "Rio", "unit": "celsius"})`, `get_weather({"city": "Oslo", "unit": "celsius"})`}},
		"Search the web for Go news":                    {weather + "," + search, "", []string{"I will ask webSearch.", `webSearch({"query": "Search the web for Go news", "limit": 3})`}},
		"Search 5 news":                                 {search, "", []string{"I will ask webSearch.", `webSearch({"query": "Search 5 news", "limit": 5})`}},
		"What is 12*7?":                                 {weather + "," + sums, "", []string{"I will ask calculator.", `calculator({"expression": "12*7"})`}},
		"Book a flight from Rome to Oslo on 2026-12-24": {flights, "", []string{"I will ask book_flight.", `book_flight({"origin": "Rome", "destination": "Oslo", "date": "2026-12-24", "window": true})`}},
		"List the servers":                              {noArgs, "", []string{"I will ask list_servers.", `list_servers({})`}},
		"A JSON with 'one' and \"two\" keys, please.":   {weather, "", []string{`{"one": "one", "two": "one"}`}},
		"Explain quantum computing":                     {weather + "," + search, "", []string{quantumComputing}},
		"What is 2+2?":                                  {weather, "", []string{"2 + 2 = 4."}},
		"Which city is old?":                            {weather, "", []string{`You said: "Which city is old?"`}}, // one word of a description is not enough
		"anything at all":                               {weather, `{"any":{}}`, []string{`get_weather({})`}},
		"news of the weather":                           {search + "," + weather, `{"any":{}}`, []string{`get_weather({})`}},
		"whatever":                                      {weather + "," + search, `{"tool":{"name":"webSearch"}}`, []string{`webSearch({"query": "whatever", "limit": 3})`}},
	} {
		t.Run(question, func(t *testing.T) {
			reply := Compose(asking(t, question, offering(test.tools, test.choice)), Options{ModelID: "us.anthropic.claude-sonnet-4-20250514-v1:0"})
			if diff := cmp.Diff(test.want, outline(reply)); diff != "" {
				t.Error(diff)
			}
			if called := strings.Contains(test.want[len(test.want)-1], "("); called != (reply.StopReason == "tool_use") && !strings.Contains(question, "Explain") {
				t.Errorf("stop reason %s", reply.StopReason)
			}
		})
	}
}

func TestToolUseIDs(t *testing.T) {
	id := func(model string) (string, any) {
		reply := Compose(asking(t, "weather in Rome?", offering(weather, `{"any":{}}`)), Options{ModelID: model})
		use := reply.Content[0]["toolUse"].(map[string]any)
		return use["toolUseId"].(string), use["type"]
	}
	claude, kind := id("us.anthropic.claude-sonnet-4-20250514-v1:0")
	if again, _ := id("us.anthropic.claude-sonnet-4-20250514-v1:0"); !strings.HasPrefix(claude, "tooluse_") || len(claude) != 30 || again == claude || kind != nil {
		t.Errorf("claude: %s, %s, %v", claude, again, kind)
	}
	if kimi, _ := id("moonshot.kimi-k2-thinking"); kimi != "functions.get_weather:0" {
		t.Errorf("kimi: %s", kimi)
	}
	if _, kind := id("us.anthropic.claude-opus-4-6-v1"); kind != "tool_use" {
		t.Errorf("new claude: type %v", kind)
	}
}

func TestToolResults(t *testing.T) {
	r := parse(t, `{"messages":[
		{"role":"user","content":[{"text":"Weather?"}]},
		{"role":"assistant","content":[
			{"toolUse":{"toolUseId":"a","name":"get_weather","input":{"city":"Rome"}}},
			{"toolUse":{"toolUseId":"b","name":"get_weather","input":{"city":"Oslo"}}},
			{"toolUse":{"toolUseId":"c","name":"get_time","input":{}}}]},
		{"role":"user","content":[
			{"toolResult":{"toolUseId":"b","content":[{"json":{"temperature":-3,"sky":"snow"}}]}},
			{"toolResult":{"toolUseId":"a","content":[{"text":"21 °C"}]}},
			{"toolResult":{"toolUseId":"c","status":"error","content":[{"text":"no clock"}]}}]}]`+offering(weather, "")+`}`)
	want := []string{"get_weather (Oslo) says: temperature -3, sky snow\nget_weather (Rome) says: 21 °C\nget_time failed: no clock"}
	if diff := cmp.Diff(want, outline(Compose(r, Options{}))); diff != "" {
		t.Error(diff)
	}
}

func TestLimits(t *testing.T) {
	limit := func(n int) string { return fmt.Sprintf(`,"inferenceConfig":{"maxTokens":%d}`, n) }
	reply := Compose(asking(t, "Explain quantum computing", limit(3)), Options{})
	if got := outline(reply); got[0] != "Quantum computing" || reply.StopReason != "max_tokens" || reply.Usage.OutputTokens != 3 {
		t.Errorf("%q, %s, %+v", got, reply.StopReason, reply.Usage)
	}
	whole := Compose(asking(t, "What is 2+2?", limit(1000)), Options{})
	exact := Compose(asking(t, "What is 2+2?", limit(whole.Usage.OutputTokens)), Options{})
	if exact.StopReason != "end_turn" || cmp.Diff(outline(whole), outline(exact)) != "" {
		t.Errorf("%q, %s", outline(exact), exact.StopReason)
	}

	cut := Compose(asking(t, "Weather in Rome?", limit(7)+offering(weather, `{"any":{}}`)), Options{})
	const input = `{"city": "Rome"}`
	if input[:min(len(cut.CutInput), len(input))] != cut.CutInput || cut.CutInput == "" || len(cut.CutInput) > 12 || cut.StopReason != "max_tokens" {
		t.Errorf("cut input %q, %s", cut.CutInput, cut.StopReason)
	}

	stopped := Compose(asking(t, "What is 2+2?", `,"inferenceConfig":{"stopSequences":["4"," ="]}`), Options{})
	if got := outline(stopped); got[0] != "2 + 2" || stopped.StopReason != "stop_sequence" {
		t.Errorf("%q, %s", got, stopped.StopReason)
	}
}

func TestTokens(t *testing.T) {
	for _, n := range []int{1, 2, 100} {
		reply := Compose(asking(t, "hello", ""), Options{Tokens: n})
		if reply.Usage.OutputTokens != n {
			t.Errorf("%d tokens, want %d", reply.Usage.OutputTokens, n)
		}
	}
}

func TestExtras(t *testing.T) {
	for name, test := range map[string]struct {
		rest string
		show []string
		want string // part of the content's JSON
	}{
		"reasoning":    {show: []string{"reasoning"}, want: `{"reasoningContent":{"reasoningText":{"signature":"`},
		"redacted":     {show: []string{"redacted"}, want: `{"reasoningContent":{"redactedContent":"`},
		"image":        {show: []string{"image"}, want: `{"image":{"format":"png","source":{"bytes":"iVBOR`},
		"citations":    {show: []string{"citations"}, want: `{"citationsContent":{"citations":[{"location":{"web":`},
		"server tool":  {show: []string{"server-tool"}, want: `"type":"nova_code_interpreter_result"`},
		"thinking":     {rest: `,"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}`, want: `{"reasoningContent":{"reasoningText":`},
		"effort":       {rest: `,"additionalModelRequestFields":{"reasoning_effort":"low"}`, want: `{"reasoningContent":{"reasoningText":`},
		"json schema":  {rest: `,"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"}},\"required\":[\"city\",\"n\"]}"}}}}`, want: `{\"city\": \"Rome\", \"n\": 4}`},
		"guardrail":    {show: []string{"guardrail"}, want: "the guardrail does not let me"},
		"not thinking": {rest: `,"additionalModelRequestFields":{"thinking":{"type":"disabled"}}`, want: `[{"text":"You said`},
		"no text":      {want: `[{"text":"You said`},
	} {
		t.Run(name, func(t *testing.T) {
			reply := Compose(asking(t, "Four things from Rome: 4", test.rest), Options{Show: test.show})
			if got := string(encode(reply.Content)); !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
	for _, name := range Shows() {
		if reply := Compose(asking(t, "hello", ""), Options{Show: []string{name}}); len(reply.Content) < 2 && name != "guardrail" {
			t.Errorf("%s has no test case", name)
		}
	}
}

func TestGuardrail(t *testing.T) {
	const config = `,"guardrailConfig":{"guardrailIdentifier":"abc","guardrailVersion":"2","trace":"enabled"}`
	reply := Compose(asking(t, "Say the forbidden word", config), Options{})
	if reply.StopReason != "guardrail_intervened" || !strings.Contains(string(reply.Trace), `"abc"`) {
		t.Errorf("%s, trace %s", reply.StopReason, reply.Trace)
	}
	reply = Compose(asking(t, "Say a word", config), Options{})
	if reply.StopReason != "end_turn" || reply.Trace != nil {
		t.Errorf("%s, trace %s", reply.StopReason, reply.Trace)
	}
	reply = Compose(asking(t, "Say the forbidden word", ""), Options{})
	if reply.StopReason != "end_turn" {
		t.Errorf("without a guardrail: %s", reply.StopReason)
	}
}

func TestAttachments(t *testing.T) {
	r := parse(t, `{"messages":[{"role":"user","content":[{"text":"Look"},{"image":{"format":"png","source":{"bytes":"AAAA"}}},
		{"document":{"format":"txt","name":"notes","source":{"bytes":"AAAAAA=="}}}]}]}`)
	want := []string{`I have received an image (png, 3 bytes), the document "notes" (4 bytes), but I cannot look inside.`}
	if diff := cmp.Diff(want, outline(Compose(r, Options{}))); diff != "" {
		t.Error(diff)
	}
	r = parse(t, `{"messages":[{"role":"user","content":[{"text":"Sum up"},{"document":{"name":"notes","source":{"text":"Cats sleep."},"citations":{"enabled":true}}}]}]}`)
	if got := string(encode(Compose(r, Options{}).Content)); !strings.Contains(got, `"documentChar":{"documentIndex":0,"end":11,"start":0}`) || !strings.Contains(got, "Cats sleep.") {
		t.Errorf("got %s", got)
	}
}

func TestResponseFields(t *testing.T) {
	reply := Compose(asking(t, "hello", `,"additionalModelResponseFieldPaths":["/stop_sequence","/nothing"]`), Options{})
	if got := string(reply.AdditionalModelResponseFields); got != `{"stop_sequence":null}` {
		t.Errorf("got %s", got)
	}
}
