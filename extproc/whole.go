package extproc

import "bedrock-extproc/translator"

// whole answers with one body.
func (x *exchange) whole(call *translator.Call) error {
	raw, facts, err := x.target.Backend.Converse(x.ctx, call, x.target.Caller)
	x.applyFacts(facts)
	if err != nil {
		return x.fail(err)
	}
	answer, summary, err := x.encoder.EncodeReply(raw, x.outcome.Facts)
	x.outcome.Summary = summary
	if err != nil {
		return x.fail(err)
	}
	if x.clientGone() {
		return x.abandon()
	}
	return x.reply.immediate(answer, nil)
}

// applyFacts records the backend's facts.
func (x *exchange) applyFacts(facts translator.Facts) {
	x.outcome.Facts = x.req.complete(facts)
}
