package converse

import (
	"slices"
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

// A Request is one request on its way together. It is for one goroutine and one
// use: add blocks, turns, tools and members, then call Body.
type Request struct {
	rules    Rules
	family   *family.Family
	warnings []translator.Warning
	unnamed  int // warnings that are only counted

	system   []Block
	turns    []turn
	tools    []Block
	blocks   int // of content, and tools
	choice   choice
	members  []member
	thinks   bool            // the model is told to think
	withheld bool            // the client's tools are not sent
	docs     map[string]bool // the names of documents
	numbers  map[string]int  // the last number of names with the same stem
	names    *renaming
	ids      *renaming
}

// member is a top-level member besides messages, system and toolConfig.
type member struct {
	rawjson.Member
	at string
}

// New starts a request.
func New(rules Rules) *Request {
	f := rules.Family
	if f == nil {
		f = &family.Family{}
	}
	return &Request{rules: rules, family: f, docs: map[string]bool{}, numbers: map[string]int{}}
}

// Set adds a top-level member as it is. An absent value adds none.
func (r *Request) Set(name string, f Field) {
	if !rawjson.Absent(f.Value) {
		r.members = append(r.members, member{rawjson.Member{Name: name, Value: f.Value}, f.At})
	}
}

// order is that of the body's members. It is fixed and alphabetical, like the
// SDK's, so that the same request always gives the same bytes.
var order = []string{
	"additionalModelRequestFields", "additionalModelResponseFieldPaths", "guardrailConfig", "inferenceConfig", "messages", "outputConfig",
	"performanceConfig", "promptVariables", "requestMetadata", "serviceTier", "system", "toolConfig",
}

// Body checks what only the whole request shows, and writes it. size is about how
// many bytes it will take.
func (r *Request) Body(size int) ([]byte, error) {
	if err := r.finish(); err != nil {
		return nil, err
	}
	dst := append(make([]byte, 0, size), '{')
	for _, name := range order {
		switch name {
		case "messages":
			dst = r.appendTurns(dst)
		case "system":
			dst = appendBlocks(dst, name, r.system)
		case "toolConfig":
			dst = r.appendToolConfig(dst)
		default:
			dst = rawjson.AppendMember(dst, name, r.member(name))
		}
	}
	return append(dst, '}'), nil
}

// Guarded reports whether the request asks for a guardrail.
func (r *Request) Guarded() bool { return r.member("guardrailConfig") != nil }

// Selective finds a block that makes a guardrail look at such blocks only.
func (r *Request) Selective() (at string, ok bool) {
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

func (r *Request) member(name string) rawjson.Value {
	for _, m := range r.members {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// finish runs the checks in the order in which a reader of the request would meet
// them.
func (r *Request) finish() error {
	r.withholdTools()
	if r.passes() {
		return nil
	}
	for _, check := range []func() error{
		r.roles, r.pairTools, r.firstTurn, r.lastTurn, r.besideResults, r.documentsWithText,
		r.toolSet, r.strictTools, r.noTools, r.declareTools, r.chosenTool, r.rename, r.cachePoints, r.systemLeft, r.promptMembers,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// prompt reports whether the model is a prompt of Bedrock's, which brings its own
// messages and parameters.
func (r *Request) prompt() bool { return strings.Contains(r.rules.Model, ":prompt/") }

// promptMembers refuses what cannot be given together with a prompt; see the
// description of modelId in the API reference.
func (r *Request) promptMembers() error {
	if !r.prompt() {
		return nil
	}
	at := ""
	for _, m := range r.members {
		if m.Name == "additionalModelRequestFields" || m.Name == "inferenceConfig" {
			at = m.at
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
	return Invalid(at, "This cannot be given together with a prompt of Bedrock's, which has its own.",
		"Leave out system, tools, inference parameters and additional model fields, or name a model.")
}
