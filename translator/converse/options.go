package converse

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"bedrock-extproc/translator/rawjson"
)

// The service's limits on additionalModelResponseFieldPaths and requestMetadata.
const (
	maxResponsePaths = 10
	maxMetadata      = 16
	maxMetadataText  = 256
)

// ResponsePaths adds additionalModelResponseFieldPaths: a list of JSON pointers.
func (r *Request) ResponsePaths(f Field) error {
	if rawjson.Absent(f.Value) {
		return nil
	}
	if rawjson.Kind(f.Value) != '[' {
		return Refuse(f.At, faultNotStrings)
	}
	for i, p := range rawjson.Elements(f.Value) {
		at := Index(f.At, i)
		if rawjson.Kind(p) != '"' {
			return Refuse(at, FaultNotString)
		}
		if text := rawjson.Text(p); !r.passes() && (!strings.HasPrefix(text, "/") || len(text) > 256) {
			return Refuse(at, faultResponsePath)
		}
		if i >= maxResponsePaths && !r.passes() {
			return Refuse(f.At, faultManyPaths)
		}
	}
	if !rawjson.Empty(f.Value) {
		r.set("additionalModelResponseFieldPaths", f)
	}
	return nil
}

// metadataText is the service's pattern for keys and values of requestMetadata.
var metadataText = regexp.MustCompile(`^[a-zA-Z0-9\s:_@$#=/+,.-]*$`)

// RequestMetadata adds requestMetadata, an object of strings, with the backend's
// entries. Those take precedence: the operator attributes costs, not the caller.
func (r *Request) RequestMetadata(f Field) error {
	if k := rawjson.Kind(f.Value); len(r.rules.Defaults.RequestMetadata) > 0 && (k == '{' || rawjson.Absent(f.Value)) {
		f.Value = withDefaults(f.Value, r.rules.Defaults.RequestMetadata)
	}
	if rawjson.Absent(f.Value) {
		return nil
	}
	if rawjson.Kind(f.Value) != '{' {
		return Refuse(f.At, faultNotStringObject)
	}
	entries := rawjson.Members(f.Value)
	for i, e := range entries {
		at := f.At
		if key := e.Name; metadataText.MatchString(key) && len(key) <= maxMetadataText {
			at += "." + key
		}
		if rawjson.Kind(e.Value) != '"' {
			return Refuse(at, FaultNotString)
		}
		if !r.passes() && (e.Name == "" || !metadataFits(e.Name) || !metadataFits(rawjson.Text(e.Value))) {
			return Refuse(at, faultMetadata.with(values{count: i + 1}))
		}
	}
	if len(entries) > maxMetadata && !r.passes() {
		return Refuse(f.At, faultManyMetadata)
	}
	if len(entries) > 0 {
		r.set("requestMetadata", f)
	}
	return nil
}

// AddMetadata adds the entries of another API's metadata to those of RequestMetadata,
// whose entries take precedence. It warns of entries that Bedrock does not accept and
// leaves them out.
func (r *Request) AddMetadata(other, f Field) error {
	if rawjson.Absent(other.Value) || rawjson.Kind(f.Value) != '{' && !rawjson.Absent(f.Value) {
		return r.RequestMetadata(f)
	}
	if rawjson.Kind(other.Value) != '{' {
		return Refuse(other.At, faultNotStringObject)
	}
	entries := rawjson.Members(f.Value)
	given := make(map[string]bool, len(entries))
	for _, e := range entries {
		given[e.Name] = true
	}
	for i, e := range rawjson.Members(other.Value) {
		switch fits := rawjson.Kind(e.Value) == '"' && e.Name != "" && metadataFits(e.Name) && metadataFits(rawjson.Text(e.Value)); {
		case rawjson.Absent(e.Value) || given[e.Name]:
		case !r.passes() && (!fits || len(entries) >= maxMetadata):
			r.warn(other.At, faultMetadataEntry.with(values{count: i + 1}))
		default:
			entries, given[e.Name] = append(entries, e), true
		}
	}
	if len(entries) > 0 {
		f.Value = entries.Value()
	}
	return r.RequestMetadata(Field{f.Value, cmp.Or(f.At, other.At)})
}

func withDefaults(given rawjson.Value, defaults map[string]string) rawjson.Value {
	entries := rawjson.Members(given)
	for i := range entries {
		if _, ours := defaults[entries[i].Name]; ours {
			entries[i].Value = nil // left out, also where a name comes twice
		}
	}
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		entries = entries.Set(name, rawjson.Quote(defaults[name]))
	}
	return entries.Value()
}

func metadataFits(text string) bool {
	return utf8.RuneCountInString(text) <= maxMetadataText && metadataText.MatchString(text)
}

// PromptVariables adds promptVariables: an object of strings, or of Converse's own
// {"text": …}.
func (r *Request) PromptVariables(f Field) error {
	if rawjson.Absent(f.Value) {
		return nil
	}
	if rawjson.Kind(f.Value) != '{' {
		return Refuse(f.At, faultNotStringObject)
	}
	variables := rawjson.Members(f.Value)
	for i, v := range variables {
		switch rawjson.Kind(v.Value) {
		case '"':
			variables[i].Value = rawjson.Wrap("text", v.Value)
		case '{':
		default:
			return Refuse(f.At+"."+clip(v.Name), FaultNotString)
		}
	}
	if len(variables) > 0 {
		r.set("promptVariables", Field{variables.Value(), f.At})
	}
	return nil
}

// Project adds projectIdentifier: the id or ARN of a project, or "default".
func (r *Request) Project(f Field) error {
	if !rawjson.Absent(f.Value) && rawjson.Kind(f.Value) != '"' {
		return Refuse(f.At, FaultNotString)
	}
	r.set("projectIdentifier", f)
	return nil
}

// Performance adds performanceConfig: an object, or the latency alone.
func (r *Request) Performance(f Field) error { return r.short("performanceConfig", "latency", f) }

// serviceTiers are the types of ServiceTier in the API reference.
var serviceTiers = []string{"priority", "default", "flex", "reserved"}

// ServiceTier adds serviceTier: an object, or the type alone. auto is another API's word
// for leaving it out.
func (r *Request) ServiceTier(f Field) error {
	tier := Field{f.Value, f.At}
	if rawjson.Kind(f.Value) == '{' {
		tier = Field{rawjson.Members(f.Value).Get("type"), f.At + ".type"}
	}
	switch {
	case r.passes() || rawjson.Kind(tier.Value) != '"':
	case rawjson.IsText(tier.Value, "auto"):
		return r.repair(tier.At, faultTierAuto)
	case !slices.Contains(serviceTiers, rawjson.Text(tier.Value)):
		return Refuse(tier.At, faultTier.with(values{list: strings.Join(serviceTiers, ", ")}))
	}
	return r.short("serviceTier", "type", f)
}

// short adds an object with one member, for which a client may send the value alone.
func (r *Request) short(name, member string, f Field) error {
	switch rawjson.Kind(f.Value) {
	case 0, 'n', '{':
	case '"':
		f.Value = rawjson.Wrap(member, f.Value)
	default:
		return Refuse(f.At, FaultNotText)
	}
	r.set(name, f)
	return nil
}
