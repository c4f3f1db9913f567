package chat

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// part is an object of the client's body: its text, its place and its members.
type part struct {
	converse.Field
	rawjson.Object
}

// partOf reads an object.
func partOf(f converse.Field) part { return part{f, rawjson.Members(f.Value)} }

// field is a member and its place. Of a name that comes twice, the last counts.
func (p part) field(name string) converse.Field {
	at := name
	if p.At != "" {
		at = p.At + "." + name
	}
	return converse.Field{Value: p.Get(name), At: at}
}

// text is a member that is a string, or absent.
func (p part) text(name string) (converse.Field, error) {
	f := p.field(name)
	switch {
	case rawjson.Absent(f.Value):
		f.Value = nil
	case rawjson.Kind(f.Value) != '"':
		return f, converse.Malformed(f.At, "Input should be a string.")
	}
	return f, nil
}

// each calls do for the elements of a list of objects, which may be absent.
func (p part) each(name string, do func(part) error) error {
	f := p.field(name)
	if rawjson.Kind(f.Value) != '[' && !rawjson.Absent(f.Value) {
		return converse.Malformed(f.At, "Input should be a list.")
	}
	for i, v := range rawjson.Elements(f.Value) {
		element := converse.Field{Value: v, At: converse.Index(f.At, i)}
		if rawjson.Kind(v) != '{' {
			return converse.Malformed(element.At, "Input should be an object.")
		}
		if err := do(partOf(element)); err != nil {
			return err
		}
	}
	return nil
}

// ignored warns of the members that mean nothing.
func (in *request) ignored(p part, meant ...string) {
	for _, m := range p.Object {
		if !slices.Contains(meant, m.Name) && !rawjson.Absent(m.Value) {
			in.out.Warn("unknown_field", p.field(clip(m.Name)).At, "This field is not known and was not sent.")
		}
	}
}

// clip bounds a name that a client wrote.
func clip(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	return name[:most] + "…"
}
