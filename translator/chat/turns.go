package chat

import (
	"slices"
	"strings"
)

// firstTurn refuses a conversation that the model's family would not take.
func (t *translation) firstTurn() error {
	if len(t.turns) == 0 {
		return nil // a prompt of Bedrock's needs no messages; Bedrock decides
	}
	if t.turns[0].role == "user" || t.family.FirstTurn != "user" {
		return nil
	}
	return invalid(t.turns[0].at, "A conversation with "+t.rule()+" starts with a user message.",
		"Put a user message first, or send the greeting as system text.")
}

// lastTurn mends an assistant's turn at the end, which asks the model to go on
// from there.
func (t *translation) lastTurn() error {
	n := len(t.turns)
	if n == 0 || t.turns[n-1].role != "assistant" {
		return nil
	}
	last := &t.turns[n-1]
	if t.family.LastTurn == "user" {
		return invalid(last.at, "A conversation with "+t.rule()+" ends with a user message.", "These models do not go on from a started answer: leave it out.")
	}
	b := &last.blocks[len(last.blocks)-1]
	if b.kind != "text" {
		return nil
	}
	_, value, err := onlyMember(b.raw)
	if err != nil || kindOf(value) != '"' {
		return nil
	}
	text := unquote(value)
	trimmed := strings.TrimRight(text, " \t\r\n")
	if trimmed == text || trimmed == "" {
		return nil
	}
	b.raw = object("text", quote(trimmed))
	return t.repair("trailing_space_trimmed", b.at, "White space at the end of the last assistant message was left out.", "End the started answer without white space.")
}

// besideResults refuses what the family does not take in a turn with tool results.
func (t *translation) besideResults() error {
	for _, turn := range t.turns {
		if !slices.ContainsFunc(turn.blocks, func(b block) bool { return b.kind == "toolResult" }) {
			continue
		}
		for _, b := range turn.blocks {
			if b.kind == "toolResult" || b.kind == "cachePoint" {
				continue
			}
			if t.family.ToolResultAlone || slices.Contains(t.family.ToolResultBeside, b.kind) {
				return invalid(b.at, "A "+b.kind+" block cannot stand in one turn with tool results for "+t.rule()+".",
					"Send it in a later user message, after the assistant's answer to the results.")
			}
		}
	}
	return nil
}

// documentsWithText refuses a turn with a document and no text, as the service
// does for every model.
func (t *translation) documentsWithText() error {
	for _, turn := range t.turns {
		document := slices.IndexFunc(turn.blocks, func(b block) bool { return b.kind == "document" })
		if document < 0 || slices.ContainsFunc(turn.blocks, func(b block) bool { return b.kind == "text" }) {
			continue
		}
		return invalid(turn.blocks[document].at, "A message with a document needs text beside it.", "Add a text block that says what to do with the document.")
	}
	return nil
}

// checkCachePoints counts cache points and holds their lifetimes to the service's
// order: longer ones come first, over tools, system and messages.
func (t *translation) checkCachePoints(in *request) error {
	if !t.mends() {
		return nil
	}
	var points []block
	for i := range in.Tools {
		if len(in.Tools[i].CachePoint) > 0 {
			points = append(points, block{raw: object("cachePoint", in.Tools[i].CachePoint), at: index("tools", i)})
		}
	}
	points = append(points, cachePointsIn(t.system)...)
	for _, turn := range t.turns {
		points = append(points, cachePointsIn(turn.blocks)...)
	}
	if limit := t.family.MaxCachePoints; limit > 0 && len(points) > limit {
		return invalid(points[limit].at, "There are more cache points than "+t.rule()+" take.", "Keep the ones that end the longest unchanging parts.")
	}
	short := ""
	for _, p := range points {
		if strings.Contains(string(compact(p.raw)), `"ttl":"1h"`) {
			if short != "" {
				return invalid(p.at, "A cache point of one hour comes after one of five minutes, at "+short+".", "Put the longer-lived cache points first, in the order tools, system, messages.")
			}
			continue
		}
		short = p.at
	}
	return nil
}

func cachePointsIn(blocks []block) []block {
	var points []block
	for _, b := range blocks {
		if b.kind == "cachePoint" {
			points = append(points, b)
		}
	}
	return points
}
