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
func (r *responder) whole(reply Reply, started time.Time) {
	if !r.awaitGate() {
		return
	}
	body, err := wholeBody(reply, time.Since(started))
	if err != nil {
		r.refuse(exceptionNamed("InternalServerException", fmt.Sprintf("fakebedrock: the scripted reply is not JSON: %v", err)))
		return
	}
	if !r.breaksWhole() {
		r.call.setUsage(reply.Usage)
	}
	r.sendWhole(body)
}

// sendWhole sends a whole answer with its fault.
func (r *responder) sendWhole(body []byte) {
	if r.breaksWhole() {
		r.writeHalf(body)
		return
	}
	r.written(writeJSON(r.w, http.StatusOK, body))
}

// writeJSON sends a whole JSON response.
func writeJSON(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	return writeWhole(w, status, body)
}

// writeWhole sends a response with a Content-Length.
func writeWhole(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// wholeBody returns the reply in the service's JSON, with sorted members.
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

// addOptional adds the members common to a whole reply and the metadata event.
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

// withoutInput returns content with {} as the input of the last block, a toolUse whose
// input was cut off.
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

// breaksWhole reports whether the fault applies to whole answers.
func (r *responder) breaksWhole() bool {
	switch r.b.Fault {
	case FaultCut, FaultCutFrame, FaultReset, FaultEnd, FaultEndFrame, FaultStall:
		return true
	default:
		return false
	}
}

// writeHalf sends half of the body and applies the fault. FaultEnd and FaultEndFrame
// announce the half as the Content-Length.
func (r *responder) writeHalf(body []byte) {
	half := body[:len(body)/2]
	r.w.Header().Set("Content-Type", "application/json")
	if r.b.Fault == FaultEnd || r.b.Fault == FaultEndFrame {
		r.written(writeWhole(r.w, http.StatusOK, half))
		return
	}
	r.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	r.w.WriteHeader(http.StatusOK)
	_, _ = r.w.Write(half) // the context reports a disconnected client
	r.flush()
	r.breakConnection()
}

// withUnknownBlock adds a block of an unknown kind and a text block.
func withUnknownBlock(content []ReplyBlock) []ReplyBlock {
	return append(append([]ReplyBlock{}, content...),
		ReplyBlock{"hologram": map[string]any{"depth": 3}}, converse.ReplyBlock{"text": " After the hologram."})
}
