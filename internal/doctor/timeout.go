package doctor

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
)

// messageTimeout is Envoy's default.
const messageTimeout = 200 * time.Millisecond

// timeoutChecks are about what ends an answer before it is over.
func timeoutChecks() []check {
	return []check{
		{
			"message-timeout", Error,
			"a message_timeout shorter than -longest-answer in BUFFERED mode, where it counts the wait for the answer; Envoy's default is 200 ms. In FULL_DUPLEX_STREAMED no timer runs",
			"Use FULL_DUPLEX_STREAMED, or set message_timeout of the filter to the longest answer, such as 600s.",
			eachSetting(func(e *examination, s setting) string {
				limit := messageTimeout
				if s.config.GetMessageTimeout() != nil {
					limit = s.config.GetMessageTimeout().AsDuration()
				}
				return problemIf(buffered(s) && limit < e.LongestAnswer, fmt.Sprintf("message_timeout is %v, and an answer may take %v", limit, e.LongestAnswer))
			}),
		},
		{
			"stream-idle-timeout", Error,
			"a stream_idle_timeout shorter than -longest-answer: nothing moves while a whole answer is made",
			"Set stream_idle_timeout of the connection manager to the longest answer, such as 600s.",
			eachPlace(func(e *examination, p *place) []observation {
				return e.tooShort(p.manager.where, "stream_idle_timeout", p.manager.config.GetStreamIdleTimeout())
			}),
		},
		{
			"request-timeout", Error,
			"a request_timeout shorter than -longest-answer: it counts the wait for the model",
			"Remove request_timeout of the connection manager, or set it to 0s.",
			eachPlace(func(e *examination, p *place) []observation {
				return e.tooShort(p.manager.where, "request_timeout", p.manager.config.GetRequestTimeout())
			}),
		},
		{
			"max-stream-duration", Error,
			"a max_stream_duration of the connection manager or a route shorter than -longest-answer",
			"Remove max_stream_duration of common_http_protocol_options and of the route, or raise it to more than the longest answer.",
			eachPlace(func(e *examination, p *place) []observation {
				const name = "max_stream_duration"
				found := e.tooShort(p.manager.where, name, p.manager.config.GetCommonHttpProtocolOptions().GetMaxStreamDuration())
				for _, r := range p.routes() {
					if r.enabled {
						found = append(found, e.tooShort(r.where, name, r.route.GetRoute().GetMaxStreamDuration().GetMaxStreamDuration())...)
					}
				}
				return found
			}),
		},
		{
			"route-idle-timeout", Error,
			"an idle_timeout of a route shorter than -longest-answer: it takes the place of stream_idle_timeout",
			"Remove idle_timeout of the route, or raise it to the longest answer.",
			eachPlace(func(e *examination, p *place) []observation {
				var found []observation
				for _, r := range p.routes() {
					if r.enabled {
						found = append(found, e.tooShort(r.where, "idle_timeout", r.route.GetRoute().GetIdleTimeout())...)
					}
				}
				return found
			}),
		},
	}
}

// tooShort observes a limit that is set, is not off, and ends the longest answer.
func (e *examination) tooShort(where, name string, limit *durationpb.Duration) []observation {
	d := limit.AsDuration()
	if limit == nil && name == "stream_idle_timeout" {
		d = 5 * time.Minute // Envoy's default
	}
	if d <= 0 || d >= e.LongestAnswer {
		return nil
	}
	return observe(where, "%s is %v, and an answer may take %v", name, d, e.LongestAnswer)
}
