package converse

import (
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// Usage has the token counts as Bedrock wrote them. Absent ones are nil.
type Usage struct {
	Input, Output, Total, CacheRead, CacheWrite rawjson.Value
	// Details has all other members, except empty objects.
	Details rawjson.Object
}

func readUsage(v rawjson.Value) (*Usage, error) {
	if rawjson.Kind(v) != '{' {
		return nil, translator.ErrBadAnswer(translator.AnswerUsage, rawjson.ErrNotObject)
	}
	u := &Usage{}
	for _, m := range rawjson.Members(v) {
		if rawjson.Absent(m.Value) {
			continue
		}
		switch m.Name {
		case "inputTokens":
			u.Input = m.Value
		case "outputTokens":
			u.Output = m.Value
		case "totalTokens":
			u.Total = m.Value
		case "cacheReadInputTokens":
			u.CacheRead = m.Value
		case "cacheWriteInputTokens":
			u.CacheWrite = m.Value
		default:
			if string(m.Value) != "{}" {
				u.Details = append(u.Details, m)
			}
		}
	}
	return u, nil
}

// summary accepts a nil Usage.
func (u *Usage) summary() translator.Summary {
	if u == nil {
		return translator.Summary{}
	}
	return translator.Summary{
		InputTokens: integer(u.Input), OutputTokens: integer(u.Output),
		CacheReadTokens: integer(u.CacheRead), CacheWriteTokens: integer(u.CacheWrite),
		UsageKnown: rawjson.Kind(u.Input) == '0',
	}
}

// integer returns 0 for anything but a whole number.
func integer(v rawjson.Value) int64 {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// ReadCount returns the number in a reply of CountTokens. An error is a *translator.Error.
func ReadCount(reply []byte) (rawjson.Value, error) {
	err := rawjson.Check(reply)
	if err == nil {
		if tokens := rawjson.Members(reply).Get("inputTokens"); rawjson.Kind(tokens) == '0' {
			return tokens, nil
		}
		err = rawjson.ErrNotObject
	}
	return nil, translator.ErrBadAnswer(translator.AnswerUsage, err)
}
