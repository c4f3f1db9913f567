package doctor

import (
	"fmt"
	"time"
)

// messageTimeout and streamIdleTimeout are Envoy's defaults.
const (
	messageTimeout    = 200 * time.Millisecond
	streamIdleTimeout = 5 * time.Minute
)

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
				limit := streamIdleTimeout
				if set := p.manager.config.GetStreamIdleTimeout(); set != nil {
					limit = set.AsDuration()
				}
				return e.observeShort(p.manager.where, "stream_idle_timeout", limit)
			}),
		},
		{
			"request-timeout", Error,
			"a request_timeout shorter than -longest-answer: it counts the wait for the model",
			"Remove request_timeout of the connection manager, or set it to 0s.",
			eachPlace(func(e *examination, p *place) []observation {
				return e.observeShort(p.manager.where, "request_timeout", p.manager.config.GetRequestTimeout().AsDuration())
			}),
		},
		{
			"max-stream-duration", Error,
			"a max_stream_duration of the connection manager or a route shorter than -longest-answer",
			"Remove max_stream_duration of common_http_protocol_options and of the route, or raise it to more than the longest answer.",
			eachPlace(func(e *examination, p *place) []observation {
				const name = "max_stream_duration"
				found := e.observeShort(p.manager.where, name, p.manager.config.GetCommonHttpProtocolOptions().GetMaxStreamDuration().AsDuration())
				for _, r := range p.routes {
					if r.enabled {
						found = append(found, e.observeShort(r.where, name, r.route.GetRoute().GetMaxStreamDuration().GetMaxStreamDuration().AsDuration())...)
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
				for _, r := range p.routes {
					if r.enabled {
						found = append(found, e.observeShort(r.where, "idle_timeout", r.route.GetRoute().GetIdleTimeout().AsDuration())...)
					}
				}
				return found
			}),
		},
	}
}

// observeShort observes a limit that tooShort finds.
func (e *examination) observeShort(where, name string, limit time.Duration) []observation {
	if problem := e.tooShort(name, limit); problem != "" {
		return []observation{{where, problem}}
	}
	return nil
}

// tooShort says that a limit ends the longest answer; one of 0 is off.
func (e *examination) tooShort(name string, limit time.Duration) string {
	return problemIf(limit > 0 && limit < e.LongestAnswer, fmt.Sprintf("%s is %v, and an answer may take %v", name, limit, e.LongestAnswer))
}
