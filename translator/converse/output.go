package converse

import "bedrock-extproc/translator/rawjson"

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
		r.set("outputConfig", config)
		return nil
	}
	format, err := schema.textFormat()
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

// textFormat has the schema as a string with JSON in it, as Converse requires.
func (s *OutputSchema) textFormat() (rawjson.Value, error) {
	description, err := text(s.Description)
	if err != nil {
		return nil, err
	}
	name, err := text(s.Name)
	if err != nil {
		return nil, err
	}
	schema := s.Schema.Value
	switch {
	case rawjson.Kind(schema) == '{':
		schema = rawjson.AppendText(nil, rawjson.AppendCompact(nil, schema))
	case rawjson.Kind(schema) == '"' && rawjson.Check([]byte(rawjson.Text(schema))) == nil:
	default:
		return nil, Refuse(s.Schema.At, faultNotSchema)
	}
	structure := rawjson.Wrap("jsonSchema", rawjson.Object{
		{Name: "description", Value: description.Value}, {Name: "name", Value: name.Value}, {Name: "schema", Value: schema},
	}.Value())
	return rawjson.Object{{Name: "structure", Value: structure}, {Name: "type", Value: rawjson.Value(`"json_schema"`)}}.Value(), nil
}
