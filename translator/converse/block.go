package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// A Block is one content block of Converse, or one tool: an object with a single
// member, whose name is its kind.
type Block struct {
	// Kind is the member's name, such as "text" or "toolUse".
	Kind string
	// At is the block's path in the client's request.
	At string

	value   rawjson.Value  // of the one member, as the client wrote it
	members rawjson.Object // of value, where some were changed; nil: value is unchanged
	tool    *toolPart      // of tools, calls and results; nil for other kinds
	mark    bool           // a cache point that a marker of another API asks for
}

// toolPart has the parts of a tool, a tool call or a result that checks need.
type toolPart struct {
	id      label   // of a call or a result
	name    label   // of a tool or a call
	results []Block // the content of a result; nil: as in the block's value
	server  bool    // Bedrock runs the tool: the block is sent unchanged
}

// label is a name or an id as the client gave it, "" when there is none.
type label struct{ text, at string }

// is reports whether the block has that kind and concerns one of the client's tools.
func (b *Block) is(kind string) bool { return b.Kind == kind && b.tool != nil && !b.tool.server }

// set changes a member of the block's value. nil leaves it out.
func (b *Block) set(name string, v rawjson.Value) {
	if b.members == nil {
		b.members = rawjson.Members(b.value)
	}
	b.members = b.members.Set(name, v)
}

// get is a member of the block's value as it will be sent.
func (b *Block) get(name string) rawjson.Value {
	if b.members != nil {
		return b.members.Get(name)
	}
	return rawjson.Members(b.value).Get(name)
}

func (b *Block) append(dst []byte) []byte {
	dst = rawjson.AppendName(append(dst, '{'), b.Kind)
	if b.members == nil {
		return append(rawjson.AppendCompact(dst, b.value), '}')
	}
	dst = append(dst, '{')
	for _, m := range b.members {
		if m.Name == "content" && b.tool != nil && b.tool.results != nil {
			dst = appendBlocks(dst, m.Name, b.tool.results)
			continue
		}
		dst = rawjson.AppendMember(dst, m.Name, m.Value)
	}
	return append(dst, "}}"...)
}

// appendBlocks appends a member with a list of blocks; an empty list appends none.
func appendBlocks(dst []byte, name string, blocks []Block) []byte {
	if len(blocks) == 0 {
		return dst
	}
	dst = append(rawjson.AppendName(dst, name), '[')
	for i := range blocks {
		dst = blocks[i].append(rawjson.AppendSeparator(dst))
	}
	return append(dst, ']')
}

// maxBlocks bounds the memory for a request of many tiny blocks. No model accepts
// nearly as many.
const maxBlocks = 100_000

// count refuses blocks and tools beyond maxBlocks, and ends the translation of a request
// that nobody waits for.
func (r *Request) count(at string) error {
	if r.blocks++; r.blocks > maxBlocks {
		return Refuse(at, faultManyBlocks)
	}
	return r.checkDone()
}

// A PartReader reads a content part of a dialect's own form: an object with a member
// type. The request has counted it already.
type PartReader func(part Object) ([]Block, error)

// Content reads the content of a message: text, a list of Converse blocks, or another
// scalar, which is sent as text. An element of the list with a type is not a Converse
// block: part reads it, unless part is nil.
func (r *Request) Content(f Field, part PartReader) ([]Block, error) {
	switch rawjson.Kind(f.Value) {
	case 0, 'n':
		return nil, nil
	case '"':
		if string(f.Value) == `""` && !r.passes() {
			return nil, nil // clients send it when there is no text
		}
		if err := r.count(f.At); err != nil {
			return nil, err
		}
		return r.text(f)
	case '[':
		return r.blockList(f, part)
	case '{':
		return nil, Refuse(f.At, faultNotContent)
	default:
		return []Block{TextBlock(string(f.Value), f.At)}, nil
	}
}

// TextBlock is a block of text.
func TextBlock(text, at string) Block {
	return Block{Kind: "text", At: at, value: rawjson.Quote(text)}
}

// text returns no block for blank text, which Bedrock refuses.
func (r *Request) text(f Field) ([]Block, error) {
	if !r.passes() && rawjson.Blank(f.Value) {
		return nil, r.repair(f.At, faultBlankText)
	}
	return []Block{{Kind: "text", At: f.At, value: f.Value}}, nil
}

// guardContent checks and repairs the text or the image that a guardrail checks.
func (r *Request) guardContent(b Block) ([]Block, error) {
	members := rawjson.Members(b.value)
	text := Field{rawjson.Members(members.Get("text")).Get("text"), b.At + ".guardContent.text.text"}
	if rawjson.Kind(text.Value) == '"' {
		kept, err := r.text(text)
		if len(kept) == 0 {
			return nil, err
		}
	}
	image := Block{Kind: "image", At: b.At + ".guardContent", value: members.Get("image")}
	if rawjson.Kind(image.value) != '{' {
		return []Block{b}, nil
	}
	err := r.media(&image)
	if image.members != nil {
		b.set("image", image.members.Value())
	}
	return []Block{b}, err
}

func (r *Request) blockList(f Field, part PartReader) ([]Block, error) {
	if err := r.descend(f.At); err != nil {
		return nil, err
	}
	defer r.ascend()
	var all []Block
	var blank Field // text that is dropped unless a cache point follows
	for i, v := range rawjson.Elements(f.Value) {
		element := Field{v, Index(f.At, i)}
		if blank.Value != nil {
			kept, err := r.separator(blank, v)
			if err != nil {
				return nil, err
			}
			all, blank = append(all, kept...), Field{}
		}
		if r.maySeparate(all, v) {
			blank = Field{rawjson.Members(v).Get("text"), element.At}
			continue
		}
		blocks, err := r.block(element, part)
		if err != nil {
			return nil, err
		}
		all = append(all, blocks...)
	}
	if blank.Value != nil {
		_, err := r.text(blank)
		return all, err
	}
	return all, nil
}

// maySeparate reports whether v is blank text behind a document or a video. Bedrock
// accepts it before a cache point, which cannot come straight behind either.
func (r *Request) maySeparate(before []Block, v rawjson.Value) bool {
	if r.passes() || len(before) == 0 {
		return false
	}
	if kind := before[len(before)-1].Kind; kind != "document" && kind != "video" {
		return false
	}
	only, ok := rawjson.Members(v).Only()
	return ok && only.Name == "text" && rawjson.Kind(only.Value) == '"' && len(only.Value) > 2 && rawjson.Blank(only.Value)
}

// separator keeps blank text before a cache point, and drops it before anything else.
func (r *Request) separator(blank Field, next rawjson.Value) ([]Block, error) {
	if only, ok := rawjson.Members(next).Only(); ok && only.Name == "cachePoint" {
		return []Block{{Kind: "text", At: blank.At, value: blank.Value}}, nil
	}
	return r.text(blank)
}

// block reads one Converse block. It gives none where the block is dropped, and more
// than one where a part moves out of it.
func (r *Request) block(f Field, part PartReader) ([]Block, error) {
	if err := r.count(f.At); err != nil {
		return nil, err
	}
	if rawjson.Kind(f.Value) != '{' {
		return nil, Refuse(f.At, faultNotBlock)
	}
	members := rawjson.Members(f.Value)
	only, ok := members.Only()
	switch {
	case ok && (part == nil || only.Name != "type"):
	case part != nil && rawjson.Kind(members.Get("type")) == '"':
		return part(Object{At: f.At, Members: members})
	default:
		return nil, Refuse(f.At, faultBlockMembers)
	}
	b := Block{Kind: only.Name, At: f.At, value: only.Value}
	kind := slices.Index(contentKinds, b.Kind)
	if kind < 0 {
		return []Block{b}, nil // unknown kind: Bedrock decides
	}
	b.Kind = contentKinds[kind] // saves memory: the name is shared
	switch k := rawjson.Kind(b.value); {
	case b.Kind == "text" && k != '"':
		return nil, Refuse(f.At+".text", FaultNotString)
	case b.Kind != "text" && k != '{':
		return nil, Refuse(f.At+"."+b.Kind, FaultNotObject)
	}
	if r.passes() {
		return []Block{b}, nil
	}
	return r.known(b)
}

// contentKinds are the members of Converse's ContentBlock.
var contentKinds = []string{
	"text", "image", "document", "video", "audio", "toolUse", "toolResult", "guardContent", "cachePoint", "reasoningContent",
	"citationsContent", "searchResult", "toolAddition", "toolRemoval",
}

// known checks and repairs a block whose kind is one of contentKinds.
func (r *Request) known(b Block) ([]Block, error) {
	var err error
	switch b.Kind {
	case "text":
		return r.text(Field{b.value, b.At})
	case "toolUse":
		err = r.readToolUse(&b)
	case "toolResult":
		return r.readToolResult(b)
	case "image", "video", "audio":
		err = r.media(&b)
	case "document":
		err = r.document(&b)
	case "guardContent":
		return r.guardContent(b)
	case "reasoningContent":
		return r.reasoning(b)
	}
	return []Block{b}, err
}
