package converse

import (
	"bedrock-extproc/translator/rawjson"
)

// A ToolSpec is a tool in a dialect's own form.
type ToolSpec struct {
	At                                string
	Name, Description, Schema, Strict Field
}

// AddToolSpec adds a tool of the client.
func (r *Request) AddToolSpec(s ToolSpec) error {
	if err := r.count(s.At); err != nil {
		return err
	}
	name, err := requiredLabel(s.Name)
	if err != nil {
		return err
	}
	schema, err := r.schema(s.Schema)
	if err != nil {
		return err
	}
	description, err := r.description(s.Description)
	if err != nil {
		return err
	}
	if k := rawjson.Kind(s.Strict.Value); k != 't' && k != 'f' && !rawjson.Absent(s.Strict.Value) {
		return Refuse(s.Strict.At, FaultNotBoolean)
	}
	r.tools = append(r.tools, Block{Kind: "toolSpec", At: s.At, tool: &toolPart{name: name}, members: rawjson.Object{
		{Name: "description", Value: description},
		{Name: "inputSchema", Value: rawjson.Wrap("json", schema)},
		{Name: "name", Value: s.Name.Value},
		{Name: "strict", Value: given(s.Strict.Value)},
	}})
	return nil
}

// given returns v, or nil if v is null.
func given(v rawjson.Value) rawjson.Value {
	if rawjson.Absent(v) {
		return nil
	}
	return v
}

// description is absent when blank: Bedrock refuses an empty one.
func (r *Request) description(f Field) (rawjson.Value, error) {
	switch {
	case rawjson.Absent(f.Value):
		return nil, nil
	case rawjson.Kind(f.Value) != '"':
		return nil, Refuse(f.At, FaultNotString)
	case rawjson.Blank(f.Value) && !r.passes():
		return nil, nil
	}
	return f.Value, nil
}

// AddTool adds a tool in Converse's own form, the one member of an object at a path:
// toolSpec, systemTool, cachePoint, or an unknown kind.
func (r *Request) AddTool(at string, tool rawjson.Member) error {
	if err := r.count(at); err != nil {
		return err
	}
	b := Block{Kind: tool.Name, At: at, value: tool.Value}
	if b.Kind == "toolSpec" && !r.passes() {
		if err := r.toolSpec(&b); err != nil {
			return err
		}
	}
	r.tools = append(r.tools, b)
	return nil
}

func (r *Request) toolSpec(b *Block) error {
	at := b.At + ".toolSpec"
	if rawjson.Kind(b.value) != '{' {
		return Refuse(at, FaultNotObject)
	}
	members := rawjson.Members(b.value)
	name, err := requiredLabel(Field{members.Get("name"), at + ".name"})
	if err != nil {
		return err
	}
	b.tool = &toolPart{name: name}
	text, err := r.description(Field{members.Get("description"), at + ".description"})
	if err != nil {
		return err
	}
	if text == nil && members.Get("description") != nil {
		b.set("description", nil)
	}
	return r.inputSchema(b, Field{members.Get("inputSchema"), at + ".inputSchema"})
}

// inputSchema checks and repairs the schema of a Converse toolSpec.
func (r *Request) inputSchema(b *Block, f Field) error {
	if k := rawjson.Kind(f.Value); k != '{' && !rawjson.Absent(f.Value) {
		return Refuse(f.At, FaultNotObject)
	}
	members := rawjson.Members(given(f.Value))
	given := members.Get("json")
	if given == nil && len(members) > 0 {
		return nil // an unknown form of schema
	}
	schema, err := r.schema(Field{given, f.At + ".json"})
	if err != nil {
		return err
	}
	if len(given) == 0 || &schema[0] != &given[0] {
		b.set("inputSchema", rawjson.Wrap("json", schema))
	}
	return nil
}

// anyObject is the schema of a tool without parameters.
var anyObject = rawjson.Value(`{"type":"object","properties":{}}`)

// schema repairs the root of a schema, and leaves the rest as it is, byte for byte.
func (r *Request) schema(f Field) (rawjson.Value, error) {
	switch k := rawjson.Kind(f.Value); {
	case rawjson.Absent(f.Value), (k == '{' || k == '[') && rawjson.Empty(f.Value):
		return anyObject, nil // an empty object is an empty list in PHP
	case k != '{':
		return nil, Refuse(f.At, faultNotSchema)
	case r.passes():
		return f.Value, nil
	}
	switch root := rawjson.Members(f.Value).Get("type"); {
	case rawjson.IsText(root, "object"):
		return f.Value, nil
	case root != nil:
		return nil, Refuse(f.At+".type", faultSchemaRoot)
	}
	typed := rawjson.AppendMember([]byte("{"), "type", rawjson.Value(`"object"`))
	typed = rawjson.AppendSeparator(typed)
	return append(typed, rawjson.AppendCompact(nil, f.Value)[1:]...), r.repair(f.At, faultSchemaType)
}
