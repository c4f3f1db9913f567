package chat

import (
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// part is an object of the client's body, and where it stands there.
type part struct {
	rawjson.Object
	at string
}

// partOf reads an object.
func partOf(f converse.Field) part { return part{rawjson.Members(f.Value), f.At} }

// field is a member and its place. Of a name that comes twice, the last counts.
func (p part) field(name string) converse.Field {
	at := name
	if p.at != "" {
		at = p.at + "." + name
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

// elements are those of a list, none when it is absent.
func (p part) elements(name string) ([]converse.Field, error) {
	f := p.field(name)
	switch {
	case rawjson.Absent(f.Value):
		return nil, nil
	case rawjson.Kind(f.Value) != '[':
		return nil, converse.Malformed(f.At, "Input should be a list.")
	}
	var all []converse.Field
	for i, v := range rawjson.Elements(f.Value) {
		all = append(all, converse.Field{Value: v, At: converse.Index(f.At, i)})
	}
	return all, nil
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
