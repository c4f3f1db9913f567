package responses

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// A namespace is what some tools have in common. The zero value is none.
type namespace struct{ name, description converse.Field }

// maxNamespace bounds a namespace's name in bytes, because each of its tools gets it.
const maxNamespace = 128

func readNamespace(t converse.Object) (*namespace, error) {
	name := t.Field("name")
	switch {
	case rawjson.Kind(name.Value) != '"':
		return nil, converse.Refuse(name.At, converse.FaultNotString)
	case len(name.Value) > maxNamespace:
		return nil, converse.Refuse(name.At, converse.FaultNamespace)
	}
	description, err := t.Text("description")
	return &namespace{name, description}, err
}

// describe is the description of a tool. The first one has that of the namespace, too: the
// model sees tools only.
func (n *namespace) describe(tool converse.Field) converse.Field {
	common := n.description
	if common.Value == nil || rawjson.Blank(common.Value) || rawjson.Kind(tool.Value) != '"' && !rawjson.Absent(tool.Value) {
		return tool
	}
	n.description = converse.Field{}
	text := "About all tools whose names begin with " + rawjson.Text(n.name.Value) + separator + ": " + rawjson.Text(common.Value)
	if !rawjson.Absent(tool.Value) {
		text = rawjson.Text(tool.Value) + "\n\n" + text
	}
	return converse.Field{Value: rawjson.Quote(text), At: tool.At}
}

// separator stands between the names of a namespace and of a tool.
const separator = "__"

// qualified is the name of a tool in a namespace, as Bedrock gets it.
func qualified(ns, name converse.Field) converse.Field {
	if rawjson.Kind(ns.Value) != '"' || rawjson.Kind(name.Value) != '"' {
		return name
	}
	return converse.Field{Value: rawjson.Quote(rawjson.Text(ns.Value) + separator + rawjson.Text(name.Value)), At: name.At}
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

func (n toolNames) add(ns *namespace, name converse.Field, custom bool) {
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
