package converse

import (
	"slices"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// A Guardrail is the guardrail that a client asks for, in any dialect. All fields
// but At and ID may be absent.
type Guardrail struct {
	At                             string
	ID, Version, Trace, StreamMode Field
}

// DefaultGuardrail adds the backend's guardrail if it is enforced or the client asks
// for none. asked is the client's own. If done is true, the dialect must not add the
// client's guardrail. Call it after the last message: an enforced guardrail allows no
// guardContent block.
func (r *Request) DefaultGuardrail(asked Field) (done bool, err error) {
	g, absent := r.rules.Defaults.Guardrail, rawjson.Absent(asked.Value)
	switch {
	case g == nil:
		return absent, nil
	case g.Enforced:
		if at, ok := r.selective(); ok {
			return true, Refuse(at, faultGuardContents)
		}
		if !absent {
			r.warn(asked.At, faultGuardrailReplaced)
		}
	case !absent:
		return false, nil
	}
	r.setDefaultGuardrail(asked.At, g)
	return true, nil
}

func (r *Request) setDefaultGuardrail(at string, g *translator.Guardrail) {
	quoted := func(text string) Field {
		if text == "" {
			return Field{}
		}
		return Field{Value: rawjson.Quote(text)}
	}
	r.setGuardrail(Guardrail{at, quoted(g.ID), quoted(g.Version), quoted(g.Trace), quoted(g.StreamMode)})
}

// GuardrailOf adds the backend's guardrail, or that of the client's body in one of two
// forms: guardrail, in the words of the gateway's API, or Converse's guardrailConfig.
func (r *Request) GuardrailOf(body Object) error {
	f := body.Either("guardrail", "guardrailConfig")
	if done, err := r.DefaultGuardrail(f); done || err != nil {
		return err
	}
	g, err := ReadObject(f)
	if err != nil {
		return err
	}
	names := []string{"id", "version", "trace", "stream_mode"}
	if f.At == "guardrailConfig" {
		names = []string{"guardrailIdentifier", "guardrailVersion", "trace", "streamProcessingMode"}
	}
	r.WarnUnknown(g, names...)
	return r.Guardrail(Guardrail{
		At: g.At, ID: g.Field(names[0]), Version: g.Field(names[1]), Trace: g.Field(names[2]), StreamMode: g.Field(names[3]),
	})
}

// Guardrail adds the client's guardrail.
func (r *Request) Guardrail(g Guardrail) error {
	for _, f := range []*Field{&g.ID, &g.Version, &g.StreamMode, &g.Trace} {
		var err error
		if *f, err = text(*f); err != nil {
			return err
		}
	}
	r.setGuardrail(g)
	return nil
}

// setGuardrail adds guardrailConfig. Only ConverseStream has a stream mode.
func (r *Request) setGuardrail(g Guardrail) {
	config := rawjson.Object{{Name: "guardrailIdentifier", Value: g.ID.Value}, {Name: "guardrailVersion", Value: g.Version.Value}}
	if r.rules.Streaming {
		config = append(config, rawjson.Member{Name: "streamProcessingMode", Value: g.StreamMode.Value})
	}
	config = append(config, rawjson.Member{Name: "trace", Value: g.Trace.Value})
	r.set("guardrailConfig", Field{config.Value(), g.At})
}

// Guarded reports whether the request asks for a guardrail.
func (r *Request) Guarded() bool { return r.option("guardrailConfig") != nil }

// selective finds a guardContent block. With one, a guardrail checks such blocks only.
func (r *Request) selective() (at string, ok bool) {
	lists := [][]Block{r.system}
	for _, t := range r.turns {
		lists = append(lists, t.blocks)
	}
	for _, list := range lists {
		if i := slices.IndexFunc(list, func(b Block) bool { return b.Kind == "guardContent" }); i >= 0 {
			return list[i].At, true
		}
	}
	return "", false
}
