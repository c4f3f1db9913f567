package answer

import (
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// Options change an answer. ModelID selects the family's format of tool calls.
type Options struct {
	ModelID   string
	Text      string   // replaces the composed text, if not ""
	Tokens    int      // if not 0, answer with a text of this many tokens
	Reasoning string   // if not "", add a signed thought with this text
	Show      []string // kinds of content to add; see Shows
}

// Compose returns the answer to a request.
func Compose(r *converse.Request, o Options) converse.Reply {
	reply := guarded(r, o)
	if reply == nil {
		reply = &converse.Reply{Content: content(r, o)}
		reply.StopReason = "end_turn"
		if hasToolUse(reply.Content) {
			reply.StopReason = "tool_use"
		}
	}
	reply.Content = append(extras(r, o), reply.Content...)
	cutAtStop(reply, r.InferenceConfig.StopSequences)
	spent := cutAtLimit(reply, r.InferenceConfig.MaxTokens)
	reply.Usage = converse.Usage{InputTokens: r.CountInput(), OutputTokens: spent}
	reply.AdditionalModelResponseFields = responseFields(r, reply.StopReason)
	reply.PerformanceConfig, reply.ServiceTier = r.PerformanceConfig, r.ServiceTier
	return *reply
}

// content chooses the answer, the most specific first.
func content(r *converse.Request, o Options) []converse.ReplyBlock {
	text := question(r)
	switch {
	case o.Text != "":
		return say(o.Text)
	case o.Tokens > 0:
		return say(filler(o.Tokens))
	}
	if next, ok := nextStep(r); ok {
		return append(say("I will call "+next.tool+"."), toolUse(next.tool, next.input, 0, o))
	}
	if results := toolResults(r); len(results) > 0 {
		return say(useResults(r, results))
	}
	if calls := callTools(r, o); len(calls) > 0 {
		return calls
	}
	if form, ok := structured(r); ok {
		return say(form)
	}
	if cited, ok := cite(r); ok {
		return cited
	}
	return say(textAnswer(r, text))
}

// textAnswer returns an answer without tools.
func textAnswer(r *converse.Request, text string) string {
	if sum, ok := calculate(text); ok {
		return sum
	}
	if topic, ok := topicOf(text); ok {
		return explain(topic)
	}
	if seen := describeAttachments(r.LastUserTurn()); seen != "" {
		return seen
	}
	if isGreeting(text) {
		return "Hello! I am fakebedrock, a stand-in for Amazon Bedrock. I can add and multiply, call the tools that you offer, and repeat what you say, but there is no model behind me."
	}
	if text == "" {
		return "You said nothing that I can read."
	}
	return "You said: \"" + text + "\""
}

// maxQuestion limits how much of a user's text is read and repeated, in bytes.
const maxQuestion = 4000

// question returns the last user text, truncated to maxQuestion.
func question(r *converse.Request) string {
	text := r.LastUserText()
	if len(text) <= maxQuestion {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuestion], "") + " …"
}

func say(text string) []converse.ReplyBlock { return []converse.ReplyBlock{{"text": text}} }

func isGreeting(text string) bool {
	first := strings.ToLower(strings.Trim(firstWord(text), "!.,?"))
	return len(strings.Fields(text)) <= 3 && (first == "hello" || first == "hi" || first == "hey")
}

func firstWord(text string) string {
	if words := strings.Fields(text); len(words) > 0 {
		return words[0]
	}
	return ""
}

// filler returns a text of exactly n tokens.
func filler(n int) string {
	words := strings.Fields("the stand in counts every token that it sends and sends every token that it counts so")
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[i%len(words)])
	}
	return b.String()
}

func hasToolUse(content []converse.ReplyBlock) bool {
	for _, block := range content {
		if _, ok := block["toolUse"]; ok {
			return true
		}
	}
	return false
}
