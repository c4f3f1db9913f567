package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// An OutputSchema makes the model answer with JSON of that schema. At is where the
// client asks for it.
type OutputSchema struct {
	At string
	// Schema is an object, or a string with JSON in it.
	Name, Description, Schema Field
}

// OutputConfig adds outputConfig: config is in Converse's own form, and schema, nil
// for none, becomes its textFormat.
func (r *Request) OutputConfig(config Field, schema *OutputSchema) error {
	if k := rawjson.Kind(config.Value); k != '{' && !rawjson.Absent(config.Value) {
		return Refuse(config.At, FaultNotObject)
	}
	if schema == nil {
		return r.ownOutputConfig(config)
	}
	format, err := r.textFormat(schema)
	if err != nil {
		return err
	}
	if rawjson.Absent(config.Value) {
		config = Field{At: schema.At}
	}
	members := rawjson.Members(config.Value)
	if !rawjson.Absent(members.Get("textFormat")) {
		return Refuse(schema.At, faultFormatTwice)
	}
	r.set("outputConfig", Field{members.Set("textFormat", format).Value(), config.At})
	return nil
}

// ownOutputConfig adds a config in Converse's own form. A schema in it is repaired.
func (r *Request) ownOutputConfig(config Field) error {
	path := []string{"textFormat", "structure", "jsonSchema", "schema"}
	at, objects, v := config.At, []rawjson.Object(nil), config.Value
	for _, name := range path {
		at += "." + name
		objects = append(objects, rawjson.Members(given(v)))
		v = objects[len(objects)-1].Get(name)
	}
	if rawjson.Kind(v) == '"' && rawjson.Check([]byte(rawjson.Text(v))) == nil {
		closed, err := r.closedSchema(Field{v, at})
		if err != nil {
			return err
		}
		if &closed[0] != &v[0] {
			for i, name := range slices.Backward(path) {
				closed = objects[i].Set(name, closed).Value()
			}
			config.Value = closed
		}
	}
	r.set("outputConfig", config)
	return nil
}

// closedSchema reads an object, or a string with JSON in it, and returns the string.
// Objects of the schema get "additionalProperties": false where they lack it.
func (r *Request) closedSchema(f Field) (rawjson.Value, error) {
	schema := f.Value
	if rawjson.Kind(schema) == '"' {
		schema = rawjson.Value(rawjson.Text(schema))
	}
	if rawjson.Kind(f.Value) != '{' && (rawjson.Kind(f.Value) != '"' || rawjson.Check(schema) != nil) {
		return nil, Refuse(f.At, faultNotSchema)
	}
	closed := schema
	if !r.passes() {
		closed = closeObjects(schema)
	}
	changed := len(closed) > len(schema)
	switch {
	case rawjson.Kind(f.Value) == '{':
		schema = rawjson.AppendText(nil, rawjson.Compact(closed))
	case changed:
		schema = rawjson.AppendText(nil, closed)
	default:
		schema = f.Value
	}
	if changed {
		return schema, r.repair(f.At, faultSchemaOpen)
	}
	return schema, nil
}

// textFormat has the schema as a string with JSON in it, as Converse requires.
func (r *Request) textFormat(s *OutputSchema) (rawjson.Value, error) {
	description, err := text(s.Description)
	if err != nil {
		return nil, err
	}
	name, err := text(s.Name)
	if err != nil {
		return nil, err
	}
	schema, err := r.closedSchema(s.Schema)
	if err != nil {
		return nil, err
	}
	structure := rawjson.Wrap("jsonSchema", rawjson.Object{
		{Name: "description", Value: description.Value}, {Name: "name", Value: name.Value}, {Name: "schema", Value: schema},
	}.Value())
	return rawjson.Object{{Name: "structure", Value: structure}, {Name: "type", Value: rawjson.Value(`"json_schema"`)}}.Value(), nil
}
