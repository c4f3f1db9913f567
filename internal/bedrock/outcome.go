package bedrock

import (
	"net/http"
	"strings"

	"bedrock-extproc/translator"
)

// An outcome is the client's side of a refusal.
type outcome struct {
	status    int
	kind      translator.Kind
	retryable bool
}

// outcome classifies by the exception's name and, without one that is known, by
// the HTTP status.
func (r refusal) outcome(callerKeys bool) outcome {
	o, known := byName(strings.TrimSuffix(r.code, "Exception"))
	if !known {
		o = byStatus(r.status)
	}
	switch {
	case o.kind == translator.KindSidecarCredentials && callerKeys:
		return outcome{http.StatusUnauthorized, translator.KindCallerCredentials, false}
	case o.kind == translator.KindModel:
		o.retryable = !r.modelWouldRepeat()
	}
	return o
}

// modelWouldRepeat tells a model's error that comes again from one that passes.
func (r refusal) modelWouldRepeat() bool {
	return strings.Contains(r.message, "invalid sequence as part of ToolUse") ||
		r.originalStatus >= 400 && r.originalStatus < 500 &&
			r.originalStatus != http.StatusTooManyRequests && r.originalStatus != http.StatusRequestTimeout
}

// byName knows the exceptions of Bedrock Runtime and of AWS's front end, without
// the suffix that some carry and some do not. Refused credentials are the
// sidecar's here.
func byName(code string) (o outcome, known bool) {
	switch code {
	case "Validation", "Serialization":
		return outcome{http.StatusBadRequest, translator.KindValidation, false}, true
	case "ResourceNotFound", "FTUFormNotFilled":
		return outcome{http.StatusNotFound, translator.KindNotFound, false}, true
	case "AccessDenied":
		return outcome{http.StatusForbidden, translator.KindAccessDenied, false}, true
	case "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "IncompleteSignature", "MissingAuthenticationToken",
		"InvalidClientTokenId", "SignatureDoesNotMatch", "RequestExpired":
		return outcome{http.StatusBadGateway, translator.KindSidecarCredentials, false}, true
	case "Throttling", "Throttled", "RequestThrottled", "TooManyRequests", "RequestLimitExceeded":
		return outcome{http.StatusTooManyRequests, translator.KindThrottled, true}, true
	case "ServiceQuotaExceeded", "LimitExceeded":
		return outcome{http.StatusTooManyRequests, translator.KindQuota, true}, true
	case "ServiceUnavailable":
		return outcome{http.StatusServiceUnavailable, translator.KindUnavailable, true}, true
	case "ModelNotReady":
		return outcome{http.StatusServiceUnavailable, translator.KindNotReady, true}, true
	case "ModelTimeout", "RequestTimeout":
		return outcome{http.StatusGatewayTimeout, translator.KindTimeout, true}, true
	case "ModelError", "ModelStreamError":
		return outcome{http.StatusBadGateway, translator.KindModel, true}, true
	case "InternalServer", "InternalServerError", "InternalFailure", "InternalError":
		return outcome{http.StatusBadGateway, translator.KindInternalServer, true}, true
	case "UnknownOperation":
		return outcome{http.StatusBadGateway, translator.KindBadAnswer, false}, true
	}
	return outcome{}, false
}

// byStatus is for answers without a name, which may come from something between
// the sidecar and Bedrock, and for names newer than this code.
func byStatus(status int) outcome {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return outcome{http.StatusBadRequest, translator.KindValidation, false}
	case http.StatusUnauthorized, http.StatusForbidden:
		return outcome{http.StatusForbidden, translator.KindAccessDenied, false}
	case http.StatusNotFound:
		return outcome{http.StatusNotFound, translator.KindNotFound, false}
	case http.StatusRequestEntityTooLarge:
		return outcome{http.StatusRequestEntityTooLarge, translator.KindTooLarge, false}
	case http.StatusFailedDependency:
		return outcome{http.StatusBadGateway, translator.KindModel, true}
	case http.StatusTooManyRequests:
		return outcome{http.StatusTooManyRequests, translator.KindThrottled, true}
	case http.StatusServiceUnavailable:
		return outcome{http.StatusServiceUnavailable, translator.KindUnavailable, true}
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return outcome{http.StatusGatewayTimeout, translator.KindTimeout, true}
	case http.StatusInternalServerError, http.StatusBadGateway:
		return outcome{http.StatusBadGateway, translator.KindInternalServer, true}
	}
	return outcome{http.StatusBadGateway, translator.KindBadAnswer, false}
}
