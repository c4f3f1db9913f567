package answer

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

type rawJSON = json.RawMessage

// callTools calls the tool that matches the last user text, or the one that toolChoice
// forces. It returns nil if there is no tool to call.
func callTools(r *converse.Request, o Options) []converse.ReplyBlock {
	if r.ToolConfig == nil {
		return nil
	}
	text := question(r)
	tool, forced := choose(r.ToolConfig, text)
	if tool == nil {
		return nil
	}
	var blocks []converse.ReplyBlock
	if !forced {
		blocks = say("I will ask " + tool.Name + ".")
	}
	for i, input := range inputs(tool, text) {
		blocks = append(blocks, toolUse(tool.Name, input, i, o))
	}
	return blocks
}

// toolUse returns the nth call of an answer.
func toolUse(name string, input json.RawMessage, n int, o Options) converse.ReplyBlock {
	use := map[string]any{"input": input, "name": name, "toolUseId": newToolUseID(o.ModelID, name, n)}
	if marksToolUse(o.ModelID) {
		use["type"] = "tool_use"
	}
	return converse.ReplyBlock{"toolUse": use}
}

// choose returns the tool to call. forced reports whether toolChoice forces a call.
func choose(c *converse.ToolConfig, text string) (tool *converse.ToolSpec, forced bool) {
	choice := c.ToolChoice
	forced = choice != nil && (choice.Any != nil || choice.Tool != nil)
	best := 0
	for i := range c.Tools {
		spec := c.Tools[i].ToolSpec
		switch {
		case spec == nil:
			continue
		case choice != nil && choice.Tool != nil:
			if spec.Name == choice.Tool.Name {
				return spec, true
			}
			continue
		case forced && tool == nil:
			tool = spec
		}
		if score := matchScore(spec, text); score > best {
			tool, best = spec, score
		}
	}
	return tool, forced
}

// matchScore counts the words that the text and a tool share. It is 0 unless they share
// a word of the name or two words of the description.
func matchScore(tool *converse.ToolSpec, text string) int {
	asked := words(text)
	inName := overlap(asked, words(splitName(tool.Name)))
	about := words(tool.Description)
	for _, p := range propertiesOf(tool) {
		for word := range words(splitName(p.name)) {
			about[word] = true
		}
		for _, v := range p.Enum {
			for word := range words(fmt.Sprint(v)) {
				about[word] = true
			}
		}
	}
	inRest := overlap(asked, about)
	if _, ok := findExpression(text); ok && hasProperty(tool, "expression") {
		inName += 2
	}
	if inName == 0 && inRest < 2 {
		return 0
	}
	return 3*inName + inRest
}

func overlap(a, b map[string]bool) int {
	n := 0
	for word := range a {
		if b[word] {
			n++
		}
	}
	return n
}

// stopWords are ignored when matching.
const stopWords = ` a about an and any are as at be by can could current currently do does find for from get give given has have how i if in into is it its let like look lookup make
 may me my need now of on one or our out please run see set should show so some tell than that the their them then there these they this to tool up use used uses using value want was we what when
 where which who why will with word would you your `

// words returns the words of a text without stop words and plural endings.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), notInWord) {
		if !strings.Contains(stopWords, " "+word+" ") && len(word) > 1 {
			set[strings.TrimSuffix(word, "s")] = true
		}
	}
	return set
}

func notInWord(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
}

// splitName splits getWeather, get_weather and get-weather into words.
func splitName(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(b.String())
}

// newToolUseID returns an id in the format of the model's family.
func newToolUseID(modelID, tool string, n int) string {
	if strings.Contains(modelID, "kimi") {
		return fmt.Sprintf("functions.%s:%d", tool, n)
	}
	var random [16]byte
	_, _ = rand.Read(random[:]) // it never fails
	return "tooluse_" + base64.RawURLEncoding.EncodeToString(random[:])
}
