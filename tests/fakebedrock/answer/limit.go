package answer

import (
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// cutAtStop ends the reply before the first stop sequence in its text.
func cutAtStop(reply *converse.Reply, sequences []string) {
	for i, block := range reply.Content {
		text, ok := block["text"].(string)
		if !ok {
			continue
		}
		if at := firstIndex(text, sequences); at >= 0 {
			reply.Content = append(reply.Content[:i:i], converse.ReplyBlock{"text": text[:at]})
			reply.StopReason = "stop_sequence"
			return
		}
	}
}

func firstIndex(text string, sequences []string) int {
	first := -1
	for _, s := range sequences {
		if at := strings.Index(text, s); s != "" && at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	return first
}

// cutAtLimit truncates the reply to limit tokens, if set, and returns its tokens.
func cutAtLimit(reply *converse.Reply, limit *int) int {
	spent := 0
	for i, block := range reply.Content {
		cost := cost(block)
		if limit == nil || spent+cost <= *limit {
			spent += cost
			continue
		}
		reply.Content = reply.Content[:i:i]
		cutBlock(reply, block, *limit-spent)
		reply.StopReason = "max_tokens"
		return *limit
	}
	return spent
}

// cutBlock adds the first tokens of a block to the reply.
func cutBlock(reply *converse.Reply, block converse.ReplyBlock, tokens int) {
	if text, ok := block["text"].(string); ok && tokens > 0 {
		reply.Content = append(reply.Content, converse.ReplyBlock{"text": firstTokens(text, tokens)})
	}
	if input := toolInput(block); input != "" && tokens > callCost {
		reply.Content = append(reply.Content, block)
		reply.CutInput = firstTokens(input, tokens-callCost)
	}
}

func firstTokens(text string, n int) string {
	list := converse.Tokens(text)
	return strings.Join(list[:min(n, len(list))], "")
}

// callCost is the number of tokens of a tool call in addition to its input.
const callCost = 4

// cost returns the tokens of a block.
func cost(block converse.ReplyBlock) int {
	if text, ok := block["text"].(string); ok {
		return converse.CountTokens(text)
	}
	if input := toolInput(block); input != "" {
		return callCost + converse.CountTokens(input)
	}
	return callCost
}

func toolInput(block converse.ReplyBlock) string {
	if use, ok := block["toolUse"].(map[string]any); ok {
		if input, ok := use["input"].(rawJSON); ok {
			return string(input)
		}
	}
	return ""
}
