package chat

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// inferenceConfig writes what the client gave, and nothing that it did not.
func (t *translation) inferenceConfig(in *request) ([]byte, error) {
	stop, err := t.stopSequences(in.Stop)
	if err != nil {
		return nil, err
	}
	if err := t.checkSampling(in); err != nil {
		return nil, err
	}
	w := newWriter(128)
	w.member("maxTokens", given(in.MaxTokens))
	w.member("stopSequences", stop)
	w.member("temperature", given(in.Temperature))
	w.member("topP", given(in.TopP))
	if w.empty() {
		return nil, nil
	}
	return w.end(), nil
}

// given is v unless it is null.
func given(v jsontext.Value) jsontext.Value {
	if absent(v) {
		return nil
	}
	return compact(v)
}

// checkSampling holds the numbers to the service's bounds, and to what the
// family takes together.
func (t *translation) checkSampling(in *request) error {
	for _, p := range []struct {
		at       string
		value    jsontext.Value
		min, max float64
	}{{"max_tokens", in.MaxTokens, 1, 1 << 31}, {"temperature", in.Temperature, 0, 1}, {"top_p", in.TopP, 0, 1}} {
		if absent(p.value) {
			continue
		}
		if kindOf(p.value) != '0' {
			return wrongType(p.at, "Input should be a number.")
		}
		n, err := strconv.ParseFloat(string(p.value), 64)
		if p.at == "max_tokens" && strings.ContainsAny(string(p.value), ".eE") {
			return wrongType(p.at, "Input should be a whole number.")
		}
		if t.mends() && (err != nil || n < p.min || n > p.max) {
			return invalid(p.at, "The value "+string(p.value)+" is out of bounds.", "Bedrock takes "+bounds(p.min, p.max)+".")
		}
	}
	if n := t.family.NotTogether; t.mends() && len(n) == 2 && !absent(in.Temperature) && !absent(in.TopP) {
		return invalid(n[1], "Only one of "+strings.Join(n, " and ")+" can be given to "+t.rule()+".", "Leave one of them out.")
	}
	return nil
}

func bounds(low, high float64) string {
	text := strconv.FormatFloat(low, 'f', -1, 64)
	if high == 1 {
		return text + " to 1"
	}
	return text + " or more"
}

// stopSequences takes one string or a list. Empty ones, which the service
// refuses, are left out.
func (t *translation) stopSequences(v jsontext.Value) ([]byte, error) {
	var all []jsontext.Value
	switch kindOf(v) {
	case 0, 'n':
		return nil, nil
	case '"':
		all = []jsontext.Value{v}
	case '[':
		if err := json.Unmarshal(v, &all, lenient); err != nil {
			return nil, malformed(err)
		}
	default:
		return nil, wrongType("stop", "Input should be a string or a list of strings.")
	}
	var kept []jsontext.Value
	for i, s := range all {
		if kindOf(s) != '"' {
			return nil, wrongType(index("stop", i), "Input should be a string.")
		}
		if unquote(s) == "" && t.mends() {
			if err := t.repair("empty_stop_dropped", index("stop", i), "An empty stop sequence was left out.", "Leave empty stop sequences out."); err != nil {
				return nil, err
			}
			continue
		}
		if blank(s) && t.family.NoBlankStop && t.mends() {
			return nil, invalid(index("stop", i), "A stop sequence of nothing but white space is refused by "+t.rule()+".", "Leave it out.")
		}
		kept = append(kept, s)
	}
	return list(kept), nil
}

// thinks says whether additional fields switch a model's thinking on.
func thinks(v jsontext.Value) bool {
	var fields struct {
		Thinking struct {
			Type string `json:"type"`
		} `json:"thinking"`
	}
	if kindOf(v) != '{' || json.Unmarshal(v, &fields, lenient) != nil {
		return false
	}
	return fields.Thinking.Type != "" && fields.Thinking.Type != "disabled"
}
