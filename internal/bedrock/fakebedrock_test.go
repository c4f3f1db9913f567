package bedrock

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
	"bedrock-extproc/translator"
)

// fakeCaller has keys that the fake Bedrock knows.
var fakeCaller = translator.Caller{AccessKeyID: fakebedrock.DemoAccessKeyID, SecretAccessKey: fakebedrock.DemoSecretAccessKey}

const hello = `{"messages":[{"role":"user","content":[{"text":"What is 2+2?"}]}]}`

// standIn starts a fake Bedrock without delays, which accepts any model id, and a
// backend whose own keys it knows.
func standIn(t testing.TB) (*Backend, *fakebedrock.Server) {
	t.Helper()
	bedrocktest.Isolate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", fakebedrock.DemoAccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", fakebedrock.DemoSecretAccessKey)
	fake := fakebedrock.New(fakebedrock.Config{MinDelay: -1, SkipValidation: true})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return newTestBackend(t, Config{}, server.URL), fake
}

func TestStandInTakesOurSignatures(t *testing.T) {
	b, fake := standIn(t)
	session := translator.Caller{
		AccessKeyID: fakebedrock.DemoSessionKeyID, SecretAccessKey: fakebedrock.DemoSecretAccessKey,
		SessionToken: fakebedrock.DemoSessionToken, Region: "eu-west-1",
	}
	for _, model := range []string{"us.anthropic.claude-x-v1:0", "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.x-v1:0", "a b+c%2F~ü"} {
		for _, who := range []translator.Caller{{}, fakeCaller, session} {
			if who.Region != "" && strings.HasPrefix(model, "arn:") {
				continue // which is of another region
			}
			raw, facts, err := b.Converse(t.Context(), call(model, hello), who)
			if err != nil || !strings.Contains(string(raw), `"stopReason":"end_turn"`) || facts.AWSRequestID == "" {
				t.Errorf("%s: %s, %+v, %v", model, raw, facts, err)
			}
			events, _, err := collect(t.Context(), b, call(model, hello), who)
			if err != nil || len(events) < 5 || events[len(events)-1].Kind != "metadata" {
				t.Errorf("%s: %v, %v", model, events, err)
			}
			last := fake.Calls()[fake.Received()-1]
			wantID, wantRegion := fakebedrock.DemoAccessKeyID, "us-west-2"
			if who.SessionToken != "" {
				wantID, wantRegion = who.AccessKeyID, who.Region
			}
			if last.AccessKeyID != wantID || last.Region != wantRegion || last.ModelID != model || string(last.Body) != hello {
				t.Errorf("the stand-in saw %s in %s, model %q, body %s", last.AccessKeyID, last.Region, last.ModelID, last.Body)
			}
		}
	}
}

func TestStandInRefusesCallers(t *testing.T) {
	b, _ := standIn(t)
	tests := map[string]struct {
		caller translator.Caller
		aws    string
	}{
		"wrong secret":   {translator.Caller{AccessKeyID: fakebedrock.DemoAccessKeyID, SecretAccessKey: "x"}, "InvalidSignatureException"},
		"unknown key":    {translator.Caller{AccessKeyID: "AKIDNOBODY", SecretAccessKey: "x"}, "UnrecognizedClientException"},
		"no token":       {translator.Caller{AccessKeyID: fakebedrock.DemoSessionKeyID, SecretAccessKey: fakebedrock.DemoSecretAccessKey}, "UnrecognizedClientException"},
		"expired token":  {translator.Caller{AccessKeyID: fakebedrock.DemoExpiredKeyID, SecretAccessKey: fakebedrock.DemoSecretAccessKey, SessionToken: fakebedrock.DemoSessionToken}, "ExpiredTokenException"},
		"token too many": {translator.Caller{AccessKeyID: fakebedrock.DemoAccessKeyID, SecretAccessKey: fakebedrock.DemoSecretAccessKey, SessionToken: "x"}, "UnrecognizedClientException"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, whole := b.Converse(t.Context(), call("m", hello), tt.caller)
			_, _, streamed := b.ConverseStream(t.Context(), call("m", hello), tt.caller)
			for _, err := range []error{whole, streamed} {
				if diff := cmp.Diff(failure{401, translator.KindCallerCredentials, false, 0, tt.aws}, outline(asError(t, err))); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// Every fault of the fake Bedrock, before the answer and after two events.
func TestStandInFaults(t *testing.T) {
	b, _ := standIn(t)
	truncated := failure{500, translator.KindTruncated, false, 0, ""}
	bad := failure{500, translator.KindBadAnswer, false, 0, ""}
	second := time.Second
	tests := []struct {
		fault string
		want  failure
	}{
		{"fault=cut", truncated},
		{"fault=cut-frame", truncated},
		{"fault=reset", truncated},
		{"fault=end", truncated},
		{"fault=end-frame", truncated},
		{"fault=no-stop", truncated},
		{"fault=prelude-crc", bad},
		{"fault=message-crc", bad},
		{"fault=no-type", bad},
		{"fault=error-message", failure{500, translator.KindInternalServer, true, 0, "InternalError"}},
		{"fault=throttling", failure{429, translator.KindThrottled, true, second, "ThrottlingException"}},
		{"fault=validation", failure{400, translator.KindValidation, false, 0, "ValidationException"}},
		{"fault=internalserver", failure{500, translator.KindInternalServer, true, 0, "InternalServerException"}},
		{"fault=serviceunavailable", failure{503, translator.KindUnavailable, true, second, "ServiceUnavailableException"}},
		{"fault=modelstreamerror", failure{424, translator.KindModel, false, 0, "ModelStreamErrorException"}},
		{"fault=modeltimeout", failure{500, translator.KindTimeout, false, 0, "ModelTimeoutException"}},
	}
	for _, tt := range tests {
		for _, at := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s at %d", tt.fault, at), func(t *testing.T) {
				model := fmt.Sprintf("m#%s&at=%d&tokens=20", tt.fault, at)
				events, _, err := collect(t.Context(), b, call(model, hello), fakeCaller)
				if diff := cmp.Diff(tt.want, outline(asError(t, err))); diff != "" {
					t.Error(diff)
				}
				if tt.fault != "fault=no-stop" && len(events) != at {
					t.Errorf("%d events: %v", len(events), events)
				}
			})
		}
	}
}

func TestStandInRefusals(t *testing.T) {
	b, _ := standIn(t)
	second := time.Second
	tests := map[string]failure{
		"accessdenied":         {403, translator.KindAccessDenied, false, 0, "AccessDeniedException"},
		"conflict":             {400, translator.KindValidation, false, 0, "ConflictException"},
		"internalserver":       {500, translator.KindInternalServer, true, 0, "InternalServerException"},
		"modelerror":           {424, translator.KindModel, false, 0, "ModelErrorException"},
		"modelnotready":        {503, translator.KindNotReady, true, second, "ModelNotReadyException"},
		"modelstreamerror":     {424, translator.KindModel, false, 0, "ModelStreamErrorException"},
		"modeltimeout":         {500, translator.KindTimeout, false, 0, "ModelTimeoutException"},
		"resourcenotfound":     {404, translator.KindNotFound, false, 0, "ResourceNotFoundException"},
		"servicequotaexceeded": {429, translator.KindQuota, true, second, "ServiceQuotaExceededException"},
		"serviceunavailable":   {503, translator.KindUnavailable, true, second, "ServiceUnavailableException"},
		"throttling":           {429, translator.KindThrottled, true, second, "ThrottlingException"},
		"validation":           {400, translator.KindValidation, false, 0, "ValidationException"},
		"expiredtoken":         {401, translator.KindCallerCredentials, false, 0, "ExpiredTokenException"},
		"incompletesignature":  {401, translator.KindCallerCredentials, false, 0, "IncompleteSignatureException"},
		"ftuformnotfilled":     {404, translator.KindNotFound, false, 0, "FTUFormNotFilled"},
		"html-502":             {500, translator.KindInternalServer, true, 0, ""},
		"bare-429":             {429, translator.KindThrottled, true, second, ""},
		"empty-200":            {500, translator.KindBadAnswer, false, 0, ""},
	}
	for fault, want := range tests {
		t.Run(fault, func(t *testing.T) {
			_, _, whole := b.Converse(t.Context(), call("m#fault="+fault, hello), fakeCaller)
			_, _, streamed := b.ConverseStream(t.Context(), call("m#fault="+fault, hello), fakeCaller)
			for _, err := range []error{whole, streamed} {
				if diff := cmp.Diff(want, outline(asError(t, err))); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	_, _, err := b.ConverseStream(t.Context(), call("m#fault=json-200", hello), fakeCaller)
	if e := asError(t, err); e.Kind != translator.KindBadAnswer {
		t.Errorf("a JSON answer to a streaming call: %v", e)
	}
}

// Unknown events and blocks pass through.
func TestStandInNews(t *testing.T) {
	b, _ := standIn(t)
	for _, fault := range []string{"unknown-event", "unknown-delta", "unknown-block", "no-metadata"} {
		events, _, err := collect(t.Context(), b, call("m#fault="+fault, hello), fakeCaller)
		if err != nil || len(events) < 4 {
			t.Errorf("%s: %v, %v", fault, events, err)
		}
	}
	events, _, err := collect(t.Context(), b, call("m#split=1&tokens=5", hello), fakeCaller)
	if err != nil || len(events) < 9 {
		t.Errorf("split: %v, %v", events, err)
	}
}

// A stalled stream ends when its client leaves, and the fake Bedrock notices.
func TestStandInSeesTheClientLeave(t *testing.T) {
	b, fake := standIn(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	events, _, err := b.ConverseStream(ctx, call("m#fault=stall&at=2&tokens=20", hello), fakeCaller)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if n++; n == 2 {
			cancel(errLeft)
		}
		err = e
	}
	if n != 3 || !errors.Is(err, errLeft) {
		t.Errorf("%d events, then %v", n, err)
	}
	for fake.Aborted() == 0 {
		select {
		case <-t.Context().Done():
			t.Fatal("the stand-in saw nobody leave")
		case <-time.After(time.Millisecond):
		}
	}
}

// Many concurrent streams over real connections, some left early: all others are
// complete.
func TestStandInManyStreams(t *testing.T) {
	b, _ := standIn(t)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for range 5 {
				if i%4 == 0 {
					events, _, err := b.ConverseStream(t.Context(), call("m#tokens=50", hello), fakeCaller)
					if err != nil {
						t.Errorf("stream %d: %v", i, err)
						continue
					}
					for _, err := range events {
						if err != nil {
							t.Errorf("stream %d: %v", i, err)
						}
						break
					}
					continue
				}
				events, _, err := collect(t.Context(), b, call("m#tokens=50", hello), fakeCaller)
				if err != nil || len(events) < 54 {
					t.Errorf("stream %d: %d events, %v", i, len(events), err)
				}
			}
		})
	}
	group.Wait()
}
