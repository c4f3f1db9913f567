package doctor

import (
	"fmt"
	"time"
)

// Envoy's defaults.
const (
	messageTimeout    = 200 * time.Millisecond
	streamIdleTimeout = 5 * time.Minute
)

// timeoutChecks find timeouts that cut answers short. Tests of package envoy measure
// which do: a route's timeout, the gRPC service's timeout and the idle_timeout of
// connections do not.
func timeoutChecks() []check {
	return []check{
		{
			"message-timeout", Error,
			"message_timeout is shorter than -longest-answer in BUFFERED mode, where it limits the wait for the answer. Envoy's default is 200 ms. It does not apply in FULL_DUPLEX_STREAMED mode",
			"Use FULL_DUPLEX_STREAMED, or raise message_timeout of the filter above the longest answer, for example to 600s.",
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
			"stream_idle_timeout is shorter than -longest-answer: the request is idle while the model generates a whole answer. Streamed answers are not affected, because keep-alives are sent on them",
			"Raise stream_idle_timeout of the connection manager above the longest answer, for example to 600s.",
			eachFilter(func(e *examination, p *extProc) []observation {
				limit := streamIdleTimeout
				if set := p.manager.config.GetStreamIdleTimeout(); set != nil {
					limit = set.AsDuration()
				}
				return e.observeShort(p.manager.where, "stream_idle_timeout", limit)
			}),
		},
		{
			"request-timeout", Warning,
			"request_timeout is shorter than -longest-answer: it ends uploads that take longer, and, of requests with trailers, also the wait for a whole answer. Requests without trailers are not affected once they have arrived",
			"Remove request_timeout from the connection manager, or raise it above the longest answer.",
			eachFilter(func(e *examination, p *extProc) []observation {
				return e.observeShort(p.manager.where, "request_timeout", p.manager.config.GetRequestTimeout().AsDuration())
			}),
		},
		{
			"max-stream-duration", Error,
			"max_stream_duration of the connection manager or a route is shorter than -longest-answer",
			"Remove max_stream_duration from common_http_protocol_options and the route, or raise it above the longest answer.",
			eachFilter(func(e *examination, p *extProc) []observation {
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
			"idle_timeout of a route is shorter than -longest-answer: it overrides stream_idle_timeout for whole answers",
			"Remove idle_timeout from the route, or raise it above the longest answer.",
			eachFilter(func(e *examination, p *extProc) []observation {
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

// observeShort returns tooShort's problem as a list of observations.
func (e *examination) observeShort(where, name string, limit time.Duration) []observation {
	if problem := e.tooShort(name, limit); problem != "" {
		return []observation{{where, problem}}
	}
	return nil
}

// tooShort describes a limit that would end the longest answer, or returns "". A
// limit of 0 is off.
func (e *examination) tooShort(name string, limit time.Duration) string {
	return problemIf(limit > 0 && limit < e.LongestAnswer, fmt.Sprintf("%s is %v, and an answer may take %v", name, limit, e.LongestAnswer))
}
