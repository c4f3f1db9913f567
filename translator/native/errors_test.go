package native

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator"
)

// Every kind has an exception, and a stream ends with one that SDKs know.
func TestEveryKindHasAnException(t *testing.T) {
	for _, k := range translator.Kinds() {
		x, ok := exceptions[k.Kind]
		if !ok {
			t.Errorf("%s has no exception", k.Kind)
			continue
		}
		if !slices.Contains([]string{streamInternal, streamModel, streamUnavailable, streamThrottling, streamValidation}, x.streamed) {
			t.Errorf("%s: %s", k.Kind, x.streamed)
		}
		if repeated := x.status >= 500 || x.status == 429; repeated && !k.Retryable && k.Status != x.status {
			t.Errorf("%s: SDKs would repeat %d", k.Kind, x.status)
		}
	}
}

func TestEncodeError(t *testing.T) {
	for name, c := range map[string]struct {
		e                   translator.Error
		status              int
		exception, id, body string
	}{
		"Bedrock's": {
			translator.Error{Kind: translator.KindThrottled, Message: "Too many requests.", Hint: "h", AWSError: "ThrottlingException", Facts: facts},
			429, "ThrottlingException", "aws-1",
			`{"message":"Too many requests.","bedrock":{"type":"bedrock_throttled","retryable":false,"aws_error":"ThrottlingException","hint":"h"}}`,
		},
		"ours": {
			translator.Error{Kind: translator.KindNotPermitted, Message: "No.", Path: "model", Hint: "Ask.", Facts: translator.Facts{RequestID: "r-1"}},
			403, "AccessDeniedException", "r-1",
			`{"message":"model: No. Ask.","bedrock":{"type":"not_permitted","retryable":false,"path":"model","hint":"Ask."}}`,
		},
		"expired keys": {
			translator.Error{Kind: translator.KindCallerCredentials, Message: "m", AWSError: "ExpiredTokenException"},
			403, "ExpiredTokenException", "",
			`{"message":"m","bedrock":{"type":"caller_credentials_refused","retryable":false,"aws_error":"ExpiredTokenException"}}`,
		},
		"the sidecar's keys": {
			translator.Error{Kind: translator.KindSidecarCredentials, Message: "m", AWSError: "ExpiredTokenException"},
			502, "InternalServerException", "",
			`{"message":"m","bedrock":{"type":"sidecar_credentials_refused","retryable":false,"aws_error":"ExpiredTokenException"}}`,
		},
		"an unknown kind": {
			translator.Error{Kind: "new", Status: 503, Message: "m"},
			503, "InternalServerException", "",
			`{"message":"m","bedrock":{"type":"new","retryable":false}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newDialect(t).EncodeError(&c.e)
			want := []string{c.exception, c.id, c.body}
			if diff := cmp.Diff(want, []string{r.Headers[0].Value, r.Headers[1].Value, string(r.Body)}); diff != "" || r.Status != c.status {
				t.Errorf("%d\n%s", r.Status, diff)
			}
		})
	}
}

func TestAppendError(t *testing.T) {
	got := frames(t, new(call).NewStream(facts).AppendError(nil, translator.ErrTruncated(nil)))
	want := []frame{{"exception", "", "internalServerException", "application/json", `{"message":"The connection to Bedrock ended before the answer was complete.","bedrock":{"type":"stream_truncated","retryable":false}}`}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(frame{})); diff != "" {
		t.Error(diff)
	}
}
