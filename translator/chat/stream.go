package chat

import (
	"errors"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

var errNotAnObject = errors.New("not a JSON object")

// stream implements translator.Stream. Its state is kept by block index, so that
// blocks may interleave; a text block needs no start.
type stream struct {
	call    *call
	fields  *fields
	open    map[int]*openBlock
	done    map[int]jsontext.Value // blocks of the turn that have ended
	special bool                   // the turn holds more than text and tool calls
	meta    metadata
	summary translator.Summary
	told    bool // the metadata event is out
}

// NewStream implements translator.Encoder.
func (c *call) NewStream(facts translator.Facts) translator.Stream {
	return &stream{
		call: c, fields: newFields(), meta: metadata{call: c, facts: facts},
		open: map[int]*openBlock{}, done: map[int]jsontext.Value{},
	}
}

// AppendEvent implements translator.Stream.
func (s *stream) AppendEvent(dst []byte, ev translator.Event) ([]byte, error) {
	list, err := s.fields.read(ev.Payload)
	if err != nil {
		return dst, s.unreadable(err)
	}
	switch ev.Kind {
	case "contentBlockDelta", "contentBlockStart", "contentBlockStop":
		dst, err = s.blockEvent(dst, ev.Kind, list)
	case "messageStop":
		dst = s.messageStop(dst, list)
	case "metadata":
		dst, err = s.metadata(dst, list)
	case "messageStart":
	default:
		dst = appendUnknown(dst, ev.Kind, list)
	}
	if err != nil {
		return dst, s.unreadable(err)
	}
	return dst, nil
}

func (s *stream) unreadable(err error) error {
	return badAnswer("Bedrock sent an event that cannot be read.", s.meta.facts, err)
}

// blockEvent finds the block that an event belongs to.
func (s *stream) blockEvent(dst []byte, kind string, list []member) ([]byte, error) {
	index, value := 0, jsontext.Value(nil)
	for _, m := range list {
		switch string(m.name) {
		case `"contentBlockIndex"`:
			n, err := strconv.Atoi(string(m.value))
			if err != nil {
				return dst, err
			}
			index = n
		case `"delta"`, `"start"`:
			value = m.value
		}
	}
	b := s.open[index]
	if b == nil {
		b = &openBlock{index: index}
		s.open[index] = b
	}
	if kind == "contentBlockStop" {
		return s.stop(dst, b), nil
	}
	if rawjson.Absent(value) {
		return dst, nil
	}
	piece, err := s.fields.one(value)
	if err != nil || piece.name == nil {
		return dst, err
	}
	if kind == "contentBlockStart" {
		return s.start(dst, b, piece)
	}
	return s.delta(dst, b, piece)
}

// messageStop ends blocks that Bedrock has not ended, and tells why it stopped.
func (s *stream) messageStop(dst []byte, list []member) []byte {
	dst = s.stopAll(dst)
	w := event("message_stop")
	reason := jsontext.Value("null")
	for _, m := range list {
		switch string(m.name) {
		case `"stopReason"`:
			reason = rawjson.Compact(m.value)
			s.summary.StopReason = reasonText(reason)
		case `"additionalModelResponseFields"`:
			s.meta.additional = rawjson.Compact(m.value).Clone()
		}
	}
	w.member("stop_reason", reason)
	w.text("model", s.call.model)
	return sse.AppendData(dst, w.end())
}

func (s *stream) stopAll(dst []byte) []byte {
	indexes := make([]int, 0, len(s.open))
	for i := range s.open {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	for _, i := range indexes {
		dst = s.stop(dst, s.open[i])
	}
	return dst
}

// metadata is the last event of a whole stream.
func (s *stream) metadata(dst []byte, list []member) ([]byte, error) {
	for _, m := range list {
		s.meta.member(unquoted(m.name), m.value)
	}
	u, err := readUsage(s.meta.usage)
	if err != nil {
		return dst, err
	}
	stop := s.summary.StopReason
	s.summary = u.summary()
	s.summary.StopReason, s.summary.Warnings = stop, len(s.call.warnings)
	return s.appendMetadata(dst, u.encode()), nil
}

func (s *stream) appendMetadata(dst, usage []byte) []byte {
	s.told = true
	if s.special {
		s.meta.blocks = s.turn()
	}
	w := event("metadata")
	w.member("usage", usage)
	w.member("metadata", s.meta.encode())
	return sse.AppendData(dst, w.end())
}

// turn is the assistant's turn as Converse blocks, to be sent back.
func (s *stream) turn() []jsontext.Value {
	indexes := make([]int, 0, len(s.done))
	for i := range s.done {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	blocks := make([]jsontext.Value, len(indexes))
	for n, i := range indexes {
		blocks[n] = s.done[i]
	}
	return blocks
}

// AppendEnd implements translator.Stream. A stream without metadata says so: its
// usage is null, not zero.
func (s *stream) AppendEnd(dst []byte) []byte {
	if s.told {
		return dst
	}
	return s.appendMetadata(dst, []byte("null"))
}

// AppendError implements translator.Stream.
func (s *stream) AppendError(dst []byte, e *translator.Error) []byte {
	w := event("error")
	w.text("detail", e.Message)
	w.member("error", errorObject(e))
	return sse.AppendData(dst, w.end())
}

// Summary implements translator.Stream.
func (s *stream) Summary() translator.Summary { return s.summary }

func event(kind string) *writer {
	w := newWriter(192)
	w.text("type", kind)
	return w
}

// appendUnknown passes an event on that this program does not know.
func appendUnknown(dst []byte, kind string, list []member) []byte {
	payload := newWriter(256)
	for _, m := range list {
		if string(m.name) != `"p"` { // padding, which hides the length of tokens on the way
			payload.member(unquoted(m.name), rawjson.Compact(m.value))
		}
	}
	w := event("unknown_event")
	w.text("event", kind)
	w.member("payload", payload.end())
	return sse.AppendData(dst, w.end())
}
