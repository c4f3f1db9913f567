package converseapi

import (
	"errors"
	"net/http"
	"strings"

	"bedrock-extproc/translator"
)

// kind goes by the exception's name and, without a known one, by the HTTP status.
func (e awsError) kind(callerSigned bool) translator.Kind {
	kind, known := kindOfName(strings.TrimSuffix(e.code, "Exception"))
	if !known {
		kind = kindOfStatus(e.status)
	}
	if kind == translator.KindSidecarCredentials && callerSigned {
		return translator.KindCallerCredentials
	}
	return kind
}

// modelErrorRepeats reports whether the same request would get this model error
// again.
func (e awsError) modelErrorRepeats() bool {
	return strings.Contains(e.message, "invalid sequence as part of ToolUse") ||
		e.originalStatus >= 400 && e.originalStatus < 500 &&
			e.originalStatus != http.StatusTooManyRequests && e.originalStatus != http.StatusRequestTimeout
}

// unknownModel reports whether Bedrock has no model of this id. It says "The provided model
// identifier is invalid." or "Could not resolve the foundation model from the provided model
// identifier."
func (e awsError) unknownModel(kind translator.Kind) bool {
	return (kind == translator.KindValidation || kind == translator.KindNotFound) && strings.Contains(plainWords(e.message), "provided model identifier")
}

// NoCount marks an error of CountTokens by which Bedrock says that it counts nothing for the
// model: it does not for many, and does not know foundation models that exist as profiles
// only.
func NoCount(err error) error {
	e, ok := errors.AsType[*translator.Error](err)
	if ok && (e.UnknownModel || e.Kind == translator.KindValidation && strings.Contains(plainWords(e.Message), "support counting tokens")) {
		e.NoCount, e.UnknownModel = true, false
	}
	return err
}

// kindOfName knows the exceptions of Bedrock Runtime and of AWS's front end, without
// the suffix "Exception", which only some have. Rejected credentials count as the
// sidecar's here.
func kindOfName(code string) (kind translator.Kind, known bool) {
	switch code {
	case "Validation", "Serialization":
		return translator.KindValidation, true
	case "ResourceNotFound", "FTUFormNotFilled":
		return translator.KindNotFound, true
	case "AccessDenied":
		return translator.KindAccessDenied, true
	case "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "IncompleteSignature", "MissingAuthenticationToken",
		"InvalidClientTokenId", "SignatureDoesNotMatch", "RequestExpired":
		return translator.KindSidecarCredentials, true
	case "Throttling", "Throttled", "RequestThrottled", "TooManyRequests", "RequestLimitExceeded":
		return translator.KindThrottled, true
	case "ServiceQuotaExceeded", "LimitExceeded":
		return translator.KindQuota, true
	case "ServiceUnavailable":
		return translator.KindUnavailable, true
	case "ModelNotReady":
		return translator.KindNotReady, true
	case "ModelTimeout", "RequestTimeout":
		return translator.KindTimeout, true
	case "ModelError", "ModelStreamError":
		return translator.KindModel, true
	case "InternalServer", "InternalServerError", "InternalFailure", "InternalError":
		return translator.KindInternalServer, true
	case "UnknownOperation":
		return translator.KindBadAnswer, true
	}
	return "", false
}

// kindOfStatus is for answers without a name, which may come from a proxy before
// Bedrock, and for names newer than this code.
func kindOfStatus(status int) translator.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return translator.KindValidation
	case http.StatusUnauthorized, http.StatusForbidden:
		return translator.KindAccessDenied
	case http.StatusNotFound:
		return translator.KindNotFound
	case http.StatusRequestEntityTooLarge:
		return translator.KindTooLarge
	case http.StatusFailedDependency:
		return translator.KindModel
	case http.StatusTooManyRequests:
		return translator.KindThrottled
	case http.StatusServiceUnavailable:
		return translator.KindUnavailable
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return translator.KindTimeout
	case http.StatusInternalServerError, http.StatusBadGateway:
		return translator.KindInternalServer
	}
	return translator.KindBadAnswer
}
