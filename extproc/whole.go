package extproc

import (
	"net/http"

	"bedrock-extproc/translator"
)

// whole answers with one JSON object.
func (x *exchange) whole(backend Backend, call *translator.Call) error {
	raw, facts, err := backend.Converse(x.ctx, call, x.req.caller)
	x.learn(facts)
	if err != nil {
		return x.fail(err)
	}
	body, summary, err := x.encoder.EncodeReply(raw, x.outcome.Facts)
	x.outcome.Summary = summary
	if err != nil {
		return x.fail(err)
	}
	if x.gone() {
		return nil
	}
	return x.reply.immediate(http.StatusOK, contentTypeJSON, body, nil)
}

// learn keeps the facts of a call, which come without our request id.
func (x *exchange) learn(facts translator.Facts) {
	facts.RequestID = x.req.requestID
	x.outcome.Facts = facts
}
