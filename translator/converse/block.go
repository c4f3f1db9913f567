package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// A Block is one content block of Converse, or one tool: an object with a single
// member, whose name is its kind.
type Block struct {
	// Kind is such as "text" or "toolUse".
	Kind string
	// At is where the block stands in the client's request.
	At string

	value   rawjson.Value  // what stands under the kind, as the client wrote it
	members rawjson.Object // of value, where some were changed; nil: value as it is
	tool    *toolPart      // of tools, calls and results
}

// toolPart is what is known of a tool, a tool call or a result.
type toolPart struct {
	id      label   // of a call or a result
	name    label   // of a tool or a call
	results []Block // the content of a result; nil: as in the block's value
	server  bool    // the service runs the tool: nothing is touched
}

// label is a name or an id as the client gave it, "" when there is none.
type label struct{ text, at string }

// is reports whether the block is a call or a result that the client's own tools
// are concerned with.
func (b *Block) is(kind string) bool { return b.Kind == kind && b.tool != nil && !b.tool.server }

// set changes a member of the block's value, nil leaves it out.
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

// maxBlocks bounds the memory that a request of many tiny blocks takes. No model
// takes nearly as many.
const maxBlocks = 100_000

// count refuses blocks and tools beyond the bound.
func (r *Request) count(at string) error {
	if r.blocks++; r.blocks > maxBlocks {
		return Refuse(at, faultManyBlocks)
	}
	return nil
}

// Content reads the content of a message: text, a list of Converse blocks, or
// another scalar, which counts as its text.
func (r *Request) Content(f Field) ([]Block, error) {
	switch rawjson.Kind(f.Value) {
	case 0, 'n':
		return nil, nil
	case '"':
		if string(f.Value) == `""` && !r.passes() {
			return nil, nil // what clients send when there is no text
		}
		if err := r.count(f.At); err != nil {
			return nil, err
		}
		return r.text(f)
	case '[':
		return r.blockList(f)
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

// text is no block for blank text, which the service refuses.
func (r *Request) text(f Field) ([]Block, error) {
	if !r.passes() && rawjson.Blank(f.Value) {
		return nil, r.repair(f.At, faultBlankText)
	}
	return []Block{{Kind: "text", At: f.At, value: f.Value}}, nil
}

// guardContent is text or an image that a guardrail looks at.
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

func (r *Request) blockList(f Field) ([]Block, error) {
	var all []Block
	for i, v := range rawjson.Elements(f.Value) {
		blocks, err := r.block(Field{v, Index(f.At, i)})
		if err != nil {
			return nil, err
		}
		all = append(all, blocks...)
	}
	return all, nil
}

// block reads one Converse block. It gives none for one that is left out, and more
// than one where something had to move out of it.
func (r *Request) block(f Field) ([]Block, error) {
	if err := r.count(f.At); err != nil {
		return nil, err
	}
	if rawjson.Kind(f.Value) != '{' {
		return nil, Refuse(f.At, faultNotBlock)
	}
	only, ok := rawjson.Members(f.Value).Only()
	if !ok {
		return nil, Refuse(f.At, faultBlockMembers)
	}
	b := Block{Kind: only.Name, At: f.At, value: only.Value}
	kind := slices.Index(contentKinds, b.Kind)
	if kind < 0 {
		return []Block{b}, nil // newer than this program: Bedrock decides
	}
	b.Kind = contentKinds[kind] // so that the name of each block takes no memory
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
		err = r.toolUse(&b)
	case "toolResult":
		return r.toolResult(b)
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
