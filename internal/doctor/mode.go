package doctor

import (
	"fmt"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
)

// modeChecks check which parts of a request Envoy sends to the sidecar.
func modeChecks() []check {
	return []check{
		{
			"body-mode", Error,
			"a request_body_mode that does not send the whole body: the sidecar rejects every request",
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
			"request_body_mode BUFFERED: clients get a stream only when it is complete, and large requests are rejected",
			"Set processing_mode.request_body_mode: FULL_DUPLEX_STREAMED and request_trailer_mode: SEND.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(buffered(s), "request_body_mode is BUFFERED")
			}),
		},
		{
			"request-headers", Error,
			"request_header_mode is not SEND: without headers the sidecar does not know the path",
			"Set processing_mode.request_header_mode: SEND, or leave it out.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetProcessingMode().GetRequestHeaderMode() == extprocv3.ProcessingMode_SKIP, "request_header_mode is SKIP")
			}),
		},
		{
			"request-trailers", Error,
			"FULL_DUPLEX_STREAMED without request_trailer_mode SEND: the sidecar never sees the end of a request with trailers",
			"Set processing_mode.request_trailer_mode: SEND.",
			eachSetting(func(_ *examination, s setting) string {
				mode := s.config.GetProcessingMode()
				duplex := mode.GetRequestBodyMode() == extprocv3.ProcessingMode_FULL_DUPLEX_STREAMED
				return problemIf(duplex && mode.GetRequestTrailerMode() != extprocv3.ProcessingMode_SEND, "request_trailer_mode is "+mode.GetRequestTrailerMode().String())
			}),
		},
		{
			"response-mode", Warning,
			"Envoy sends responses to the sidecar, which ignores them",
			"In processing_mode, set response_header_mode: SKIP, response_body_mode: NONE and response_trailer_mode: SKIP.",
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

// problemIf returns problem if wrong, else "".
func problemIf(wrong bool, problem string) string {
	if wrong {
		return problem
	}
	return ""
}
