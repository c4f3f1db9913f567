package converseapi

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

func TestErrorResponses(t *testing.T) {
	second := time.Second
	tests := []struct {
		status int
		code   string
		want   failure
	}{
		{400, "ValidationException", failure{400, translator.KindValidation, false, 0, "ValidationException"}},
		{404, "ResourceNotFoundException", failure{404, translator.KindNotFound, false, 0, "ResourceNotFoundException"}},
		{404, "FTUFormNotFilled", failure{404, translator.KindNotFound, false, 0, "FTUFormNotFilled"}},
		{403, "AccessDeniedException", failure{403, translator.KindAccessDenied, false, 0, "AccessDeniedException"}},
		{403, "UnrecognizedClientException", failure{401, translator.KindCallerCredentials, false, 0, "UnrecognizedClientException"}},
		{403, "InvalidSignatureException", failure{401, translator.KindCallerCredentials, false, 0, "InvalidSignatureException"}},
		{403, "ExpiredTokenException", failure{401, translator.KindCallerCredentials, false, 0, "ExpiredTokenException"}},
		{403, "ExpiredToken", failure{401, translator.KindCallerCredentials, false, 0, "ExpiredToken"}},
		{400, "IncompleteSignature", failure{401, translator.KindCallerCredentials, false, 0, "IncompleteSignature"}},
		{403, "MissingAuthenticationTokenException", failure{401, translator.KindCallerCredentials, false, 0, "MissingAuthenticationTokenException"}},
		{429, "ThrottlingException", failure{429, translator.KindThrottled, true, second, "ThrottlingException"}},
		{429, "TooManyRequestsException", failure{429, translator.KindThrottled, true, second, "TooManyRequestsException"}},
		{400, "ServiceQuotaExceededException", failure{429, translator.KindQuota, true, second, "ServiceQuotaExceededException"}},
		{503, "ServiceUnavailableException", failure{503, translator.KindUnavailable, true, second, "ServiceUnavailableException"}},
		{429, "ModelNotReadyException", failure{503, translator.KindNotReady, true, second, "ModelNotReadyException"}},
		{408, "ModelTimeoutException", failure{500, translator.KindTimeout, false, 0, "ModelTimeoutException"}},
		{424, "ModelErrorException", failure{424, translator.KindModel, false, 0, "ModelErrorException"}},
		{424, "ModelStreamErrorException", failure{424, translator.KindModel, false, 0, "ModelStreamErrorException"}},
		{500, "InternalServerException", failure{500, translator.KindInternalServer, true, 0, "InternalServerException"}},
		{400, "ConflictException", failure{400, translator.KindValidation, false, 0, "ConflictException"}},
		{418, "NewException", failure{500, translator.KindBadAnswer, false, 0, "NewException"}},
		{404, "UnknownOperationException", failure{500, translator.KindBadAnswer, false, 0, "UnknownOperationException"}},
		{429, "", failure{429, translator.KindThrottled, true, second, ""}},
		{307, "", failure{500, translator.KindBadAnswer, false, 0, ""}},
	}
	bedrocktest.Isolate(t)
	var status int
	var code string
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if code != "" {
			w.Header().Set("X-Amzn-ErrorType", code+":http://internal.amazon.com/coral/x/")
		}
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"what it says"}`)
	})
	c := newTestClient(t, url, nil)
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			status, code = tt.status, tt.code
			_, facts, whole := converse(t, c, caller)
			_, _, streamed := collect(t, c, caller)
			for _, err := range []error{whole, streamed} {
				e := asError(t, err)
				if diff := cmp.Diff(tt.want, outline(e)); diff != "" {
					t.Error(diff)
				}
				if facts.AWSRequestID != "req-1" || !facts.Sent {
					t.Errorf("facts %+v", facts)
				}
				if e.Kind != translator.KindCallerCredentials && e.Message != "what it says" {
					t.Errorf("message %q", e.Message)
				}
			}
		})
	}
}

func TestErrorBodies(t *testing.T) {
	tests := []struct {
		name, header, body string
		status             int
		want               failure
		message            string
	}{
		{"a proxy's page", "", "<html><b>Bad gateway</b></html>", 502, failure{500, translator.KindInternalServer, true, 0, ""}, "Bedrock answered with HTTP status 502 and no readable error."},
		{"a page with a name", "ThrottlingException", "<html>", 400, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}, "Bedrock answered with ThrottlingException and no message."},
		{"a page with a name and a URI", "ExpiredTokenException:http://internal.amazon.com/coral/com.amazon.coral.service/", "<html>", 403, failure{502, translator.KindSidecarCredentials, false, 0, "ExpiredTokenException"}, "AWS rejected the sidecar's own credentials."},
		{"a page with a namespace", "com.amazon.coral.service#ThrottlingException:http://internal.amazon.com/coral/", "<html>", 400, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}, "Bedrock answered with ThrottlingException and no message."},
		{"a URI", "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/", `{"message":"bad"}`, 400, failure{400, translator.KindValidation, false, 0, "ValidationException"}, "bad"},
		{"a namespace and a URI", "com.amazon.bedrock#ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/", `{"message":"bad"}`, 400, failure{400, translator.KindValidation, false, 0, "ValidationException"}, "bad"},
		{"a URI in the body", "", `{"__type":"ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/","message":"slow"}`, 429, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}, "slow"},
		{"nothing", "", "", 503, failure{503, translator.KindUnavailable, true, time.Second, ""}, "Bedrock answered with HTTP status 503 and no readable error."},
		{"a capital", "AccessDeniedException", `{"Message":"no"}`, 403, failure{403, translator.KindAccessDenied, false, 0, "AccessDeniedException"}, "no"},
		{"a type in the body", "", `{"__type":"com.amazon.coral.service#ThrottlingException","message":"slow"}`, 400, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}, "slow"},
		{"a code in the body", "", `{"code":"ValidationException","message":"bad"}`, 400, failure{400, translator.KindValidation, false, 0, "ValidationException"}, "bad"},
		{"a message alone", "", `{"message":"bad"}`, 400, failure{400, translator.KindValidation, false, 0, ""}, "bad"},
		{"no message", "ThrottlingException", `{}`, 429, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}, "Bedrock answered with ThrottlingException and no message."},
		{"a body without end", "", strings.Repeat("x", maxErrorBody+10), 500, failure{500, translator.KindInternalServer, true, 0, ""}, "Bedrock answered with HTTP status 500 and no readable error."},
		{"a model's final word", "ModelErrorException", `{"message":"Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide."}`, 424, failure{424, translator.KindModel, false, 0, "ModelErrorException"}, "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide."},
		{"a model's refusal", "ModelErrorException", `{"message":"m","originalStatusCode":400}`, 424, failure{424, translator.KindModel, false, 0, "ModelErrorException"}, "m"},
		{"a model's trouble", "ModelErrorException", `{"message":"m","originalStatusCode":529}`, 424, failure{424, translator.KindModel, false, 0, "ModelErrorException"}, "m"},
	}
	bedrocktest.Isolate(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("X-Amzn-ErrorType", tt.header)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, _, err := converse(t, newTestClient(t, url, nil), translator.Caller{})
			e := asError(t, err)
			if diff := cmp.Diff(tt.want, outline(e)); diff != "" {
				t.Error(diff)
			}
			if e.Message != tt.message {
				t.Errorf("message %q", e.Message)
			}
		})
	}
}

func TestSidecarCredentialsRefused(t *testing.T) {
	bedrocktest.Isolate(t)
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", "InvalidSignatureException")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":"The Canonical String should have been 'AKIDSIDECAR secret-token'"}`)
	})
	_, _, err := converse(t, newTestClient(t, url, nil), translator.Caller{})
	e := asError(t, err)
	want := failure{502, translator.KindSidecarCredentials, false, 0, "InvalidSignatureException"}
	if diff := cmp.Diff(want, outline(e)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(e.Error()+e.Hint, "Canonical") {
		t.Errorf("the message shows the signed request: %v", e)
	}
}
