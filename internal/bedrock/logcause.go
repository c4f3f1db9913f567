package bedrock

import (
	"errors"

	"go.uber.org/zap"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

// logCause writes one line for a failed step towards Bedrock: credentials, STS, DNS, a
// proxy, the connection, TLS, a time limit. It writes nothing for other errors.
func (d *dispatch) logCause(b *Backend, err error) {
	e, ok := errors.AsType[*translator.Error](err)
	if !ok || e.Class == "" {
		return
	}
	b.log.Warn("a step of a call to AWS failed",
		zap.String("request_id", d.call.RequestID), zap.String("backend", d.last.facts.Backend), zap.String("region", d.last.facts.Region),
		zap.String("class", e.Class), zap.String("cause", causeText(e)), zap.String("error", string(e.Kind)),
		zap.Bool("retryable", e.Retryable), zap.Int("attempt", max(d.tries, 1)))
}

// causeText is the cause of e for the log.
func causeText(e *translator.Error) string {
	if found, ok := errors.AsType[*cause.Error](e.Cause); ok {
		return found.Detail
	}
	if e.Cause != nil {
		return cause.Clean(e.Cause.Error())
	}
	return e.Message
}
