package answer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

var (
	placeNames = regexp.MustCompile(`(?i)^(?:.*[_-])?(city|cities|location|locations|place|places|town|region|country|destination|origin|departure|arrival|from|to|address)$`)
	textNames  = regexp.MustCompile(`(?i)^(query|q|text|question|prompt|message|input|content|search|keywords|body)$`)
	topicNames = regexp.MustCompile(`(?i)^(topic|subject|title|term|name)$`)
	dateNames  = regexp.MustCompile(`(?i)(^|_)(date|day|when)$`)
	datesIn    = regexp.MustCompile(`(?i)\b(today|tomorrow|tonight|yesterday|\d{4}-\d{2}-\d{2})\b`)
	quoted     = regexp.MustCompile(`"([^"]+)"|'([^']+)'`)
)

func (p *property) isPlace() bool { return placeNames.MatchString(p.name) }

// value returns the property's value from the text, if there is one.
func (p *property) value(s *source) (json.RawMessage, bool) {
	switch {
	case p.Const != nil:
		return p.Const, true
	case len(p.Enum) > 0:
		return p.chosen(s.text)
	case p.is("integer"), p.is("number"):
		n, ok := s.number(p.is("integer"))
		return json.RawMessage(n), ok
	case p.is("array") && p.isPlace() && len(s.places) > 0:
		return encode(s.places), true
	case p.is("object"):
		return nil, false
	case p.is("string"), p.Type == nil:
		text, ok := p.text(s)
		return encode(text), ok
	}
	return nil, false
}

// text returns the value of a string property from the text, if there is one.
func (p *property) text(s *source) (string, bool) {
	switch {
	case p.name == "expression":
		return findExpression(s.text)
	case p.isPlace():
		return s.place()
	case dateNames.MatchString(p.name):
		date := datesIn.FindString(s.text)
		return date, date != ""
	case textNames.MatchString(p.name):
		return s.text, s.text != ""
	}
	if found := quoted.FindStringSubmatch(s.text); found != nil {
		return found[1] + found[2], true
	}
	if topic, ok := topicOf(s.text); ok && topicNames.MatchString(p.name) {
		return topic, true
	}
	return "", false
}

// chosen returns the enumeration value that the text names, if any.
func (p *property) chosen(text string) (json.RawMessage, bool) {
	asked := words(text)
	for _, v := range p.Enum {
		for word := range words(fmt.Sprint(v)) {
			if asked[word] {
				return encode(v), true
			}
		}
	}
	return nil, false
}

// invent returns a value for a required property that the text does not have.
func (p *property) invent(s *source) json.RawMessage {
	switch {
	case p.Default != nil:
		return p.Default
	case len(p.Examples) > 0:
		return p.Examples[0]
	case len(p.Enum) > 0:
		return encode(p.Enum[0])
	case p.is("integer"), p.is("number"):
		if p.Minimum != nil {
			return json.RawMessage(p.Minimum.String())
		}
		return json.RawMessage("1")
	case p.is("boolean"):
		return json.RawMessage("true")
	case p.is("array"):
		return p.inventList(s)
	case p.is("object"):
		return fill(encode(map[string]any{"properties": p.Nested}), s)
	case p.is("null"):
		return json.RawMessage("null")
	case dateNames.MatchString(p.name):
		return encode("today")
	}
	return encode(strings.TrimSpace(s.text))
}

func (p *property) inventList(s *source) json.RawMessage {
	var item property
	if json.Unmarshal(p.Items, &item) != nil {
		return json.RawMessage("[]")
	}
	if item.is("array") { // deeper nesting is not filled
		return json.RawMessage("[]")
	}
	if value, ok := item.value(s); ok {
		return json.RawMessage("[" + string(value) + "]")
	}
	return json.RawMessage("[" + string(item.invent(s)) + "]")
}
