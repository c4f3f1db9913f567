package doctor

import (
	"fmt"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
)

// modeChecks are about what Envoy hands to the sidecar.
func modeChecks() []check {
	return []check{
		{
			"body-mode", Error,
			"a request_body_mode in which the sidecar refuses requests: it needs the whole body",
			"Set processing_mode.request_body_mode: FULL_DUPLEX_STREAMED and request_trailer_mode: SEND.",
			eachSetting(func(_ *examination, s setting) string {
				mode := s.config.GetProcessingMode().GetRequestBodyMode()
				if mode == extprocv3.ProcessingMode_FULL_DUPLEX_STREAMED || mode == extprocv3.ProcessingMode_BUFFERED {
					return ""
				}
				return "request_body_mode is " + mode.String()
			}),
		},
		{
			"body-mode-buffered", Warning,
			"request_body_mode BUFFERED: streams arrive in one piece when they are over, and large requests are refused",
			"Set processing_mode.request_body_mode: FULL_DUPLEX_STREAMED and request_trailer_mode: SEND.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(buffered(s), "request_body_mode is BUFFERED")
			}),
		},
		{
			"request-headers", Error,
			"a request_header_mode other than SEND: without headers the sidecar knows no path",
			"Set processing_mode.request_header_mode: SEND, or leave it out.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetProcessingMode().GetRequestHeaderMode() == extprocv3.ProcessingMode_SKIP, "request_header_mode is SKIP")
			}),
		},
		{
			"request-trailers", Error,
			"FULL_DUPLEX_STREAMED without request_trailer_mode SEND: a request that ends in trailers never ends for the sidecar",
			"Set processing_mode.request_trailer_mode: SEND.",
			eachSetting(func(_ *examination, s setting) string {
				mode := s.config.GetProcessingMode()
				duplex := mode.GetRequestBodyMode() == extprocv3.ProcessingMode_FULL_DUPLEX_STREAMED
				return problemIf(duplex && mode.GetRequestTrailerMode() != extprocv3.ProcessingMode_SEND, "request_trailer_mode is "+mode.GetRequestTrailerMode().String())
			}),
		},
		{
			"response-mode", Warning,
			"responses that are sent to the sidecar, which makes them: it has nothing to say about them",
			"Set processing_mode.response_header_mode: SKIP, response_body_mode: NONE and response_trailer_mode: SKIP.",
			eachSetting(func(_ *examination, s setting) string {
				mode := s.config.GetProcessingMode()
				skipped := mode.GetResponseHeaderMode() == extprocv3.ProcessingMode_SKIP &&
					mode.GetResponseBodyMode() == extprocv3.ProcessingMode_NONE &&
					mode.GetResponseTrailerMode() != extprocv3.ProcessingMode_SEND
				return problemIf(!skipped, fmt.Sprintf("response_header_mode is %s, response_body_mode is %s, response_trailer_mode is %s",
					mode.GetResponseHeaderMode(), mode.GetResponseBodyMode(), mode.GetResponseTrailerMode()))
			}),
		},
	}
}

func buffered(s setting) bool {
	return s.config.GetProcessingMode().GetRequestBodyMode() == extprocv3.ProcessingMode_BUFFERED
}

func problemIf(wrong bool, problem string) string {
	if wrong {
		return problem
	}
	return ""
}
