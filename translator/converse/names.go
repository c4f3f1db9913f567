package converse

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"math/big"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// maxName is Bedrock's limit on tool names and tool call ids, in bytes.
const maxName = 64

// renaming maps names that Bedrock refuses to names that it accepts. Distinct names
// stay distinct. A name always gets the same replacement, unless the request uses
// that one as well.
type renaming struct {
	marks  string            // characters that names may contain besides letters and digits
	length int               // the exact length of a name, 0 for 1 to 64
	sent   map[string]string // by the client's name
	given  map[string]string // by the name that is sent
}

func newRenaming(marks string, length int) *renaming {
	return &renaming{marks: marks, length: length, sent: map[string]string{}, given: map[string]string{}}
}

// keep reserves a name if it needs no change.
func (n *renaming) keep(name string) {
	if n.legal(name) {
		n.sent[name], n.given[name] = name, name
	}
}

// name is the replacement of a name. Call keep for every name of the request first.
func (n *renaming) name(name string) string {
	if sent, ok := n.sent[name]; ok {
		return sent
	}
	stem, sum := n.stem(name), sha256.Sum256([]byte(name))
	sent := n.shape(stem, sum)
	for n.given[sent] != "" {
		sum = sha256.Sum256(sum[:]) // of the hash: a name may have megabytes
		sent = n.shape(stem, sum)
	}
	n.sent[name], n.given[sent] = sent, name
	return sent
}

func (n *renaming) legal(name string) bool {
	if name == "" || len(name) > maxName || n.length > 0 && len(name) != n.length {
		return false
	}
	for i := range len(name) {
		if !n.legalByte(name[i]) {
			return false
		}
	}
	return true
}

func (n *renaming) legalByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(n.marks, c) >= 0
}

// hashed is the number of digits of a hash in a name.
const hashed = 8

// shape makes a legal name of a stem and a hash.
func (n *renaming) shape(stem string, sum [sha256.Size]byte) string {
	if n.length > 0 {
		return base62(sum[:], n.length)
	}
	return stem + "_" + hex.EncodeToString(sum[:hashed/2])
}

// stem has the legal characters of a name, as many as fit before a hash.
func (n *renaming) stem(name string) string {
	var clean []byte
	for i := 0; i < len(name) && len(clean) < maxName-1-hashed; i++ {
		if n.legalByte(name[i]) {
			clean = append(clean, name[i])
		} else if k := len(clean); k == 0 || clean[k-1] != '_' {
			clean = append(clean, '_')
		}
	}
	return string(clean)
}

func base62(sum []byte, length int) string {
	digits := new(big.Int).SetBytes(sum).Text(62)
	return (digits + strings.Repeat("0", length))[:length]
}

// renameTools gives tools and tool calls names and ids that Bedrock accepts, the same
// in declarations, choice and conversation.
func (r *Request) renameTools() error {
	marks := "_-"
	if m := r.family.ToolNameMarks.Value; m != nil {
		marks = *m
	}
	idMarks := "_.:-"
	if r.family.ToolUseIDLength.Value > 0 {
		idMarks = ""
	}
	r.names, r.ids = newRenaming(marks, 0), newRenaming(idMarks, r.family.ToolUseIDLength.Value)
	for b := range r.named() {
		r.names.keep(b.tool.name.text)
		r.ids.keep(b.tool.id.text)
	}
	r.names.keep(r.choice.name.text)
	for b := range r.named() {
		if err := r.relabel(b, "name", b.tool.name, r.names, values{evidence: r.family.ToolNameMarks.Evidence}); err != nil {
			return err
		}
		if err := r.relabel(b, "toolUseId", b.tool.id, r.ids, values{evidence: r.family.ToolUseIDLength.Evidence}); err != nil {
			return err
		}
	}
	return nil
}

// named ranges over the blocks with names or ids of the client: those of the
// conversation, then the tools.
func (r *Request) named() iter.Seq[*Block] {
	return func(yield func(*Block) bool) {
		for i := range r.turns {
			for j := range r.turns[i].blocks {
				if b := &r.turns[i].blocks[j]; b.tool != nil && !b.tool.server && !yield(b) {
					return
				}
			}
		}
		for i := range r.tools {
			if b := &r.tools[i]; b.tool != nil && !yield(b) {
				return
			}
		}
	}
}

// relabel changes one label of a block where needed, and warns the first time.
func (r *Request) relabel(b *Block, member string, l label, n *renaming, v values) error {
	if l.text == "" {
		return nil
	}
	_, warned := n.sent[l.text]
	sent := n.name(l.text)
	if sent == l.text {
		return nil
	}
	b.set(member, rawjson.Quote(sent))
	if warned {
		return nil
	}
	v.name = sent
	if member == "name" {
		return r.repair(l.at, faultToolName.with(v))
	}
	return r.repair(l.at, faultToolUseID.with(v))
}

// Names map names as they were sent to the client's own. They list only changed names,
// and are nil when there are none.
type Names struct {
	Tools map[string]string
	// Documents are names of documents, which an answer cites as titles.
	Documents map[string]string
}

// Names are those that the answer must have back. Call it after Body.
func (r *Request) Names() Names {
	n := Names{Documents: r.renamed}
	if r.names == nil {
		return n
	}
	for sent, given := range r.names.given {
		if sent != given {
			if n.Tools == nil {
				n.Tools = map[string]string{}
			}
			n.Tools[sent] = given
		}
	}
	return n
}
