package fakebedrock

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// whole answers a Converse call.
func (x *exchange) whole(reply Reply, started time.Time) {
	if !x.open() {
		return
	}
	body, err := wholeBody(reply, time.Since(started))
	if err != nil {
		x.refuse(exceptionNamed("InternalServerException", fmt.Sprintf("fakebedrock: the scripted reply is not JSON: %v", err)))
		return
	}
	if x.breaksWhole() {
		x.broken(body)
		return
	}
	x.written(writeJSON(x.w, http.StatusOK, body))
}

// writeJSON sends a whole JSON response.
func writeJSON(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	return writeWhole(w, status, body)
}

// writeWhole sends a response with its length.
func writeWhole(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// wholeBody is the reply in the service's JSON: members by alphabet.
func wholeBody(reply Reply, took time.Duration) ([]byte, error) {
	content := reply.Content
	if content == nil {
		content = []ReplyBlock{}
	}
	if reply.CutInput != "" && len(content) > 0 {
		content = withoutInput(content)
	}
	m := map[string]any{
		"metrics":    map[string]any{"latencyMs": took.Milliseconds()},
		"output":     map[string]any{"message": map[string]any{"content": content, "role": "assistant"}},
		"stopReason": reply.StopReason,
		"usage":      reply.Usage.JSON(),
	}
	addOptional(m, reply)
	if reply.AdditionalModelResponseFields != nil {
		m["additionalModelResponseFields"] = reply.AdditionalModelResponseFields
	}
	return marshal(m)
}

// addOptional adds the members that the whole reply and the metadata event share.
func addOptional(m map[string]any, reply Reply) {
	if reply.Trace != nil {
		m["trace"] = reply.Trace
	}
	if reply.PerformanceConfig != nil {
		m["performanceConfig"] = reply.PerformanceConfig
	}
	if reply.ServiceTier != nil {
		m["serviceTier"] = reply.ServiceTier
	}
}

// withoutInput is content whose last block, a toolUse, has {} for the input that
// was cut off.
func withoutInput(content []ReplyBlock) []ReplyBlock {
	list := append([]ReplyBlock{}, content...)
	last := list[len(list)-1]
	if use, ok := last["toolUse"].(map[string]any); ok {
		cut := maps.Clone(use)
		cut["input"] = map[string]any{}
		list[len(list)-1] = ReplyBlock{"toolUse": cut}
	}
	return list
}

// breaksWhole says whether the fault is one that a whole answer can have.
func (x *exchange) breaksWhole() bool {
	switch x.b.Fault {
	case FaultCut, FaultCutFrame, FaultReset, FaultEnd, FaultEndFrame, FaultStall:
		return true
	default:
		return false
	}
}

// broken sends half of the body. A proper end there is the end of a body that
// announced no more.
func (x *exchange) broken(body []byte) {
	half := body[:len(body)/2]
	x.w.Header().Set("Content-Type", "application/json")
	if x.b.Fault == FaultEnd || x.b.Fault == FaultEndFrame {
		x.written(writeWhole(x.w, http.StatusOK, half))
		return
	}
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(half) // a client that left is seen by its context
	x.flush()
	x.strikeConnection()
}

// withUnknownBlock adds a block of a kind that no model names, and a text after it.
func withUnknownBlock(content []ReplyBlock) []ReplyBlock {
	return append(append([]ReplyBlock{}, content...),
		ReplyBlock{"hologram": map[string]any{"depth": 3}}, converse.ReplyBlock{"text": " After the hologram."})
}
