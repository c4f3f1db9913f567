package converseapi

import (
	"net/http"
	"strings"

	"bedrock-extproc/translator"
)

// A class is the part of an error that clients act on.
type class struct {
	status    int
	kind      translator.Kind
	retryable bool
}

// classify goes by the exception's name and, without a known one, by the HTTP status.
func (e awsError) classify(callerSigned bool) class {
	c, known := classOfName(strings.TrimSuffix(e.code, "Exception"))
	if !known {
		c = classOfStatus(e.status)
	}
	switch {
	case c.kind == translator.KindSidecarCredentials && callerSigned:
		return class{http.StatusUnauthorized, translator.KindCallerCredentials, false}
	case c.kind == translator.KindModel:
		c.retryable = !e.modelErrorRepeats()
	}
	return c
}

// modelErrorRepeats reports whether the same request would get this model error
// again.
func (e awsError) modelErrorRepeats() bool {
	return strings.Contains(e.message, "invalid sequence as part of ToolUse") ||
		e.originalStatus >= 400 && e.originalStatus < 500 &&
			e.originalStatus != http.StatusTooManyRequests && e.originalStatus != http.StatusRequestTimeout
}

// classOfName knows the exceptions of Bedrock Runtime and of AWS's front end, without
// the suffix "Exception", which only some have. Rejected credentials count as the
// sidecar's here.
func classOfName(code string) (c class, known bool) {
	switch code {
	case "Validation", "Serialization":
		return class{http.StatusBadRequest, translator.KindValidation, false}, true
	case "ResourceNotFound", "FTUFormNotFilled":
		return class{http.StatusNotFound, translator.KindNotFound, false}, true
	case "AccessDenied":
		return class{http.StatusForbidden, translator.KindAccessDenied, false}, true
	case "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "IncompleteSignature", "MissingAuthenticationToken",
		"InvalidClientTokenId", "SignatureDoesNotMatch", "RequestExpired":
		return class{http.StatusBadGateway, translator.KindSidecarCredentials, false}, true
	case "Throttling", "Throttled", "RequestThrottled", "TooManyRequests", "RequestLimitExceeded":
		return class{http.StatusTooManyRequests, translator.KindThrottled, true}, true
	case "ServiceQuotaExceeded", "LimitExceeded":
		return class{http.StatusTooManyRequests, translator.KindQuota, true}, true
	case "ServiceUnavailable":
		return class{http.StatusServiceUnavailable, translator.KindUnavailable, true}, true
	case "ModelNotReady":
		return class{http.StatusServiceUnavailable, translator.KindNotReady, true}, true
	case "ModelTimeout", "RequestTimeout":
		return class{http.StatusGatewayTimeout, translator.KindTimeout, true}, true
	case "ModelError", "ModelStreamError":
		return class{http.StatusBadGateway, translator.KindModel, true}, true
	case "InternalServer", "InternalServerError", "InternalFailure", "InternalError":
		return class{http.StatusBadGateway, translator.KindInternalServer, true}, true
	case "UnknownOperation":
		return class{http.StatusBadGateway, translator.KindBadAnswer, false}, true
	}
	return class{}, false
}

// classOfStatus is for answers without a name, which may come from a proxy before
// Bedrock, and for names newer than this code.
func classOfStatus(status int) class {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return class{http.StatusBadRequest, translator.KindValidation, false}
	case http.StatusUnauthorized, http.StatusForbidden:
		return class{http.StatusForbidden, translator.KindAccessDenied, false}
	case http.StatusNotFound:
		return class{http.StatusNotFound, translator.KindNotFound, false}
	case http.StatusRequestEntityTooLarge:
		return class{http.StatusRequestEntityTooLarge, translator.KindTooLarge, false}
	case http.StatusFailedDependency:
		return class{http.StatusBadGateway, translator.KindModel, true}
	case http.StatusTooManyRequests:
		return class{http.StatusTooManyRequests, translator.KindThrottled, true}
	case http.StatusServiceUnavailable:
		return class{http.StatusServiceUnavailable, translator.KindUnavailable, true}
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return class{http.StatusGatewayTimeout, translator.KindTimeout, true}
	case http.StatusInternalServerError, http.StatusBadGateway:
		return class{http.StatusBadGateway, translator.KindInternalServer, true}
	}
	return class{http.StatusBadGateway, translator.KindBadAnswer, false}
}
