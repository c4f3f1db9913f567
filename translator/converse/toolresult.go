package converse

import (
	"slices"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// A ToolResult is the result of a tool call in a dialect's own form.
type ToolResult struct {
	At string
	ID Field
	// Content is text, a list of Converse blocks, or any other JSON, which is sent
	// as text.
	Content Field
	// Blocks are the content where the dialect has read it already; nil means Content.
	Blocks []Block
	// Status is "success" or "error". IsError means the same; Status takes precedence.
	Status, IsError Field
}

// ToolResult makes the block of a result, followed by blocks that the client sent
// inside it and that Converse expects after it.
func (r *Request) ToolResult(res ToolResult) ([]Block, error) {
	b := Block{Kind: "toolResult", At: res.At, tool: &toolPart{}}
	err := r.count(res.At)
	if err != nil {
		return nil, err
	}
	if b.tool.id, err = requiredLabel(res.ID); err != nil {
		return nil, err
	}
	status, err := r.status(res)
	if err != nil {
		return nil, err
	}
	content := res.Content
	if rawjson.Kind(content.Value) == '{' || rawjson.Kind(content.Value) == '[' && !listsBlocks(content.Value) {
		content.Value = rawjson.Quote(string(rawjson.AppendCompact(nil, content.Value)))
	}
	var behind []Block
	if b.tool.results, behind, err = r.resultContent(content, res.Blocks); err != nil {
		return nil, err
	}
	b.members = rawjson.Object{{Name: "content", Value: noBlocks}, {Name: "status", Value: status}, {Name: "toolUseId", Value: res.ID.Value}}
	return append([]Block{b}, behind...), nil
}

// ResultParts reads the content of a result that is a list of content parts and Converse
// blocks, for ToolResult.Blocks. It is nil for any other content, such as the tool's own
// JSON.
func (r *Request) ResultParts(content Field, part PartReader) ([]Block, error) {
	parts := rawjson.Empty(content.Value)
	for _, v := range rawjson.Elements(content.Value) {
		parts = parts || rawjson.Kind(v) == '{' && rawjson.Kind(rawjson.Members(v).Get("type")) == '"'
	}
	if rawjson.Kind(content.Value) != '[' || !parts {
		return nil, nil
	}
	blocks, err := r.Content(content, part)
	return append([]Block{}, blocks...), err // not nil where all are blank
}

// noBlocks is replaced by a block's results when the block is written.
var noBlocks = rawjson.Value("[]")

// readToolResult checks and repairs a toolResult block in Converse's own form.
func (r *Request) readToolResult(b Block) ([]Block, error) {
	members, at := rawjson.Members(b.value), b.At+".toolResult."
	b.tool = &toolPart{}
	var err error
	if b.tool.id, err = requiredLabel(Field{members.Get("toolUseId"), at + "toolUseId"}); err != nil {
		return nil, err
	}
	if !rawjson.Absent(members.Get("type")) {
		b.tool.server = true // the result of a tool that Bedrock runs
		return []Block{b}, nil
	}
	content := Field{members.Get("content"), at + "content"}
	if k := rawjson.Kind(content.Value); k != '[' && k != '"' && !rawjson.Absent(content.Value) {
		return nil, Refuse(content.At, faultNotResultContent)
	}
	results, behind, err := r.resultContent(content, nil)
	if err != nil {
		return nil, err
	}
	b.set("content", noBlocks)
	b.tool.results = results
	if status := members.Get("status"); !rawjson.Absent(status) && r.family.ToolResultStatus.Value == "refused" {
		b.set("status", nil)
		err = r.repair(at+"status", faultResultStatus.with(values{family: r.family, evidence: r.family.ToolResultStatus.Evidence}))
	}
	return append([]Block{b}, behind...), err
}

// status is absent when the client gave none.
func (r *Request) status(res ToolResult) (rawjson.Value, error) {
	at, status := res.Status.At, res.Status.Value
	switch rawjson.Kind(res.IsError.Value) {
	case 0, 'n':
	case 't', 'f':
		if rawjson.Absent(status) {
			at, status = res.IsError.At, rawjson.Value(`"success"`)
			if rawjson.Kind(res.IsError.Value) == 't' {
				status = rawjson.Value(`"error"`)
			}
		}
	default:
		return nil, Refuse(res.IsError.At, FaultNotBoolean)
	}
	switch {
	case rawjson.Absent(status):
		return nil, nil
	case rawjson.Kind(status) != '"':
		return nil, Refuse(at, FaultNotString)
	case r.passes():
		return status, nil
	case !rawjson.IsText(status, "success") && !rawjson.IsText(status, "error"):
		return nil, Refuse(at, faultStatusUnknown)
	case r.family.ToolResultStatus.Value == "refused":
		return nil, r.repair(at, faultResultStatus.with(values{family: r.family, evidence: r.family.ToolResultStatus.Evidence}))
	}
	return status, nil
}

// resultKinds are the members of Converse's ToolResultContentBlock, and cachePoint,
// which clients send there and which moves behind the result.
var resultKinds = []string{"text", "json", "image", "document", "video", "searchResult", "cachePoint"}

// listsBlocks reports whether a list consists of content blocks, rather than being the
// tool's own JSON: every element looks like a block, and at least one has a known kind.
func listsBlocks(v rawjson.Value) bool {
	known := rawjson.Empty(v)
	for _, element := range rawjson.Elements(v) {
		if rawjson.Kind(element) != '{' {
			return false
		}
		only, ok := rawjson.Members(element).Only()
		switch k := rawjson.Kind(only.Value); {
		case !ok:
			return false
		case only.Name == "json", only.Name == "text" && k == '"':
			known = true
		case only.Name == "text" || k != '{':
			return false
		case slices.Contains(resultKinds, only.Name):
			known = true
		}
	}
	return known
}

// resultContent reads the blocks of a result, unless the dialect has. It gives at least
// one, since not every family accepts a result without content.
func (r *Request) resultContent(f Field, blocks []Block) (content, behind []Block, err error) {
	switch k := rawjson.Kind(f.Value); {
	case blocks != nil:
		content, behind, err = r.placeResults(blocks)
	case k == '[':
		content, behind, err = r.resultBlocks(f)
	case k == '"':
		if r.passes() || !rawjson.Blank(f.Value) {
			content = []Block{{Kind: "text", At: f.At, value: f.Value}}
		}
	case rawjson.Absent(f.Value):
	default:
		content = []Block{TextBlock(string(f.Value), f.At)}
	}
	if err != nil || len(content) > 0 || r.passes() {
		return content, behind, err
	}
	return []Block{TextBlock("(empty)", f.At)}, behind, r.repair(f.At, faultEmptyResult)
}

func (r *Request) resultBlocks(f Field) (content, behind []Block, err error) {
	if err := r.descend(f.At); err != nil {
		return nil, nil, err
	}
	defer r.ascend()
	for i, v := range rawjson.Elements(f.Value) {
		blocks, err := r.block(Field{v, Index(f.At, i)}, nil)
		if err != nil {
			return nil, nil, err
		}
		inside, after, err := r.placeResults(blocks)
		if err != nil {
			return nil, nil, err
		}
		content, behind = append(content, inside...), append(behind, after...)
	}
	return content, behind, nil
}

// placeResults checks and repairs the blocks of a result, and moves cache points behind
// it.
func (r *Request) placeResults(blocks []Block) (content, behind []Block, err error) {
	for i := range blocks {
		b := &blocks[i]
		switch {
		case b.mark:
			behind = append(behind, *b)
		case r.passes():
			content = append(content, *b)
		case b.Kind == "cachePoint":
			behind = append(behind, *b)
			err = r.repair(b.At, faultCachePointInside)
		case b.Kind == "json" && rawjson.Kind(b.value) != '{':
			content = append(content, TextBlock(string(rawjson.AppendCompact(nil, b.value)), b.At))
			err = r.repair(b.At, faultJSONResult)
		default:
			content = append(content, *b)
			err = r.checkResultBlock(b)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return content, behind, nil
}

// maxDepth bounds lists of blocks within each other, because each level reads those below
// it once more. A message has a list, and so has a tool result in it.
const maxDepth = 4

// descend begins a list of blocks; ascend ends it. Only a tool result can contain another
// list, and no result another result.
func (r *Request) descend(at string) error {
	if r.depth == maxDepth {
		return Refuse(at, notInResult("toolResult"))
	}
	r.depth++
	return nil
}

func (r *Request) ascend() { r.depth-- }

func notInResult(kind string) Fault {
	return faultResultKind.with(values{kind: kind, list: strings.Join(resultKinds[:6], ", ")})
}

// checkResultBlock refuses kinds that a tool result cannot contain, in general or for
// the family.
func (r *Request) checkResultBlock(b *Block) error {
	if slices.Contains(contentKinds, b.Kind) && !slices.Contains(resultKinds, b.Kind) && b.Kind != "audio" {
		return Refuse(b.At, notInResult(b.Kind))
	}
	format := ""
	if v := b.get("format"); b.Kind == "document" && rawjson.Kind(v) == '"' {
		format = "document." + rawjson.Text(v)
	}
	for _, banned := range r.family.NotInToolResults.Value {
		if banned == b.Kind || banned == format {
			return Refuse(b.At, faultResultMedia.with(values{family: r.family, evidence: r.family.NotInToolResults.Evidence, kind: b.Kind}))
		}
	}
	return nil
}
