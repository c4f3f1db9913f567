package responses

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// A namespace is the name and the description that some tools have in common. The zero
// value is none.
type namespace struct{ name, description converse.Field }

// describe is the description of a tool in the namespace: the model sees tools only.
func (n namespace) describe(tool converse.Field) converse.Field {
	switch {
	case n.description.Value == nil || rawjson.Blank(n.description.Value):
		return tool
	case rawjson.Absent(tool.Value):
		return n.description
	case rawjson.Kind(tool.Value) != '"':
		return tool // converse refuses it
	}
	return converse.Field{Value: rawjson.Quote(rawjson.Text(n.description.Value) + "\n\n" + rawjson.Text(tool.Value)), At: tool.At}
}

// qualified is the name of a tool in a namespace, as Bedrock gets it.
func qualified(ns, name converse.Field) converse.Field {
	if rawjson.Kind(ns.Value) != '"' || rawjson.Kind(name.Value) != '"' {
		return name
	}
	return converse.Field{Value: rawjson.Quote(rawjson.Text(ns.Value) + "__" + rawjson.Text(name.Value)), At: name.At}
}

// toolNames say what the tools of a request are in the client's words, by their qualified
// names.
type toolNames struct {
	custom map[string]bool
	parts  map[string]nameParts // of tools in a namespace
}

type nameParts struct{ namespace, name string }

func newToolNames() toolNames {
	return toolNames{custom: map[string]bool{}, parts: map[string]nameParts{}}
}

func (n toolNames) add(ns namespace, name converse.Field, custom bool) {
	full := qualified(ns.name, name)
	if rawjson.Kind(full.Value) != '"' {
		return // converse refuses it
	}
	text := rawjson.Text(full.Value)
	if custom {
		n.custom[text] = true
	}
	if ns.name.Value != nil {
		n.parts[text] = nameParts{rawjson.Text(ns.name.Value), rawjson.Text(name.Value)}
	}
}

// write writes the names of a call.
func (n toolNames) write(w *rawjson.Writer, qualified string) {
	parts, ok := n.parts[qualified]
	if !ok {
		w.Text("name", qualified)
		return
	}
	w.Text("name", parts.name)
	w.Text("namespace", parts.namespace)
}
