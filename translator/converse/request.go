package converse

import (
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

// A Request collects the parts of one Converse request: add blocks, turns, tools and
// options, then call Body once. It belongs to one goroutine.
type Request struct {
	rules    Rules
	family   *family.Family
	warnings []translator.Warning
	unlisted int // warnings beyond maxWarnings

	system   []Block
	turns    []turn
	tools    []Block
	blocks   int // content blocks and tools read so far
	depth    int // of the list of content blocks that is being read
	choice   choice
	options  []option
	thinks   bool              // the client switches thinking on
	withheld bool              // the client's tools are not sent
	docs     map[string]bool   // the names of documents
	renamed  map[string]string // the client's names of documents, by those sent
	numbers  map[string]int    // the last number of names with the same stem
	names    *renaming         // of tools
	ids      *renaming         // of tool calls
}

// option is a top-level member besides messages, system and toolConfig.
type option struct {
	name string
	Field
}

// New starts a request.
func New(rules Rules) *Request {
	f := rules.Family
	if f == nil {
		f = &family.Family{}
	}
	return &Request{rules: rules, family: f, docs: map[string]bool{}, numbers: map[string]int{}}
}

// ReadModel is the model id that is sent for the client's member f; fallback is the
// backend's, "" for none.
func ReadModel(f Field, fallback string, mode Mode) (string, error) {
	f, err := text(f)
	switch {
	case err != nil:
		return "", err
	case f.Value != nil && !rawjson.Blank(f.Value):
		return ModelID(rawjson.Text(f.Value), mode), nil
	case fallback == "":
		return "", Refuse(f.At, FaultNoModel)
	}
	return fallback, nil
}

// ModelID is the model id that is sent for the client's: blanks around it are removed,
// except in passthrough mode. Request.CheckModel warns of that.
func ModelID(given string, mode Mode) string {
	if mode == Passthrough {
		return given
	}
	return strings.TrimSpace(given)
}

// CheckModel refuses a model that is no model id nor an alias of one, in every mode, and
// warns of blanks around the model id that the client gave.
func (r *Request) CheckModel(given Field) error {
	if !translator.ValidModelID(r.modelID()) {
		return unknownModel(given.At)
	}
	if r.passes() || rawjson.Kind(given.Value) != '"' || rawjson.IsText(given.Value, r.rules.Model) || rawjson.Blank(given.Value) {
		return nil
	}
	return r.repair(given.At, faultModelBlanks)
}

// modelID is the id behind the client's name of the model.
func (r *Request) modelID() string { return r.rules.Defaults.Models.Model(r.rules.Model) }

func unknownModel(at string) error {
	e := translator.AsError(Refuse(at, faultModelID))
	e.UnknownModel = true
	return e
}

// set adds a top-level member unchanged. An absent value adds none.
func (r *Request) set(name string, f Field) {
	if !rawjson.Absent(f.Value) {
		r.options = append(r.options, option{name, f})
	}
}

// memberOrder is the order of the body's members. It is alphabetical, like the SDK's,
// so that the same request always gives the same bytes.
var memberOrder = []string{
	"additionalModelRequestFields", "additionalModelResponseFieldPaths", "guardrailConfig", "inferenceConfig", "messages", "outputConfig",
	"performanceConfig", "projectIdentifier", "promptVariables", "requestMetadata", "serviceTier", "system", "toolConfig",
}

// Body checks and repairs the request as a whole, and writes it. size is the
// expected length in bytes. An error is a *translator.Error.
func (r *Request) Body(size int) ([]byte, error) {
	if err := r.finish(); err != nil {
		return nil, err
	}
	return append(r.appendMembers(append(make([]byte, 0, size), '{'), memberOrder), '}'), nil
}

// countedMembers are those of memberOrder that CountTokens takes.
var countedMembers = []string{"additionalModelRequestFields", "messages", "system", "toolConfig"}

// CountBody is Body for CountTokens. What has no tokens is left out.
func (r *Request) CountBody(size int) ([]byte, error) {
	if err := r.finish(); err != nil {
		return nil, err
	}
	dst := append(make([]byte, 0, size), `{"input":{"converse":{`...)
	return append(r.appendMembers(dst, countedMembers), `}}}`...), nil
}

// appendMembers writes the members of these names.
func (r *Request) appendMembers(dst []byte, names []string) []byte {
	for _, name := range names {
		switch name {
		case "messages":
			dst = r.appendTurns(dst)
		case "system":
			dst = appendBlocks(dst, name, r.system)
		case "toolConfig":
			dst = r.appendToolConfig(dst)
		default:
			dst = rawjson.AppendMember(dst, name, r.option(name))
		}
	}
	return dst
}

func (r *Request) option(name string) rawjson.Value {
	for _, o := range r.options {
		if o.name == name {
			return o.Value
		}
	}
	return nil
}

// prompt reports whether the model is a Bedrock prompt, which brings its own
// messages and parameters.
func (r *Request) prompt() bool { return strings.Contains(r.rules.Model, ":prompt/") }

// checkPrompt refuses what cannot be combined with a prompt; see modelId in the API
// reference.
func (r *Request) checkPrompt() error {
	if !r.prompt() {
		return nil
	}
	at := ""
	for _, o := range r.options {
		if o.name == "additionalModelRequestFields" || o.name == "inferenceConfig" {
			at = o.At
		}
	}
	switch {
	case len(r.system) > 0:
		at = r.system[0].At
	case len(r.tools) > 0:
		at = r.tools[0].At
	case at == "":
		return nil
	}
	return Refuse(at, faultPrompt)
}
