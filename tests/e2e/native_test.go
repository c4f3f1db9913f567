package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/tests/fakebedrock"
)

const nativeStream = "application/vnd.amazon.eventstream"

// nativePath is an operation's path, with the model escaped as AWS's SDKs do.
func nativePath(model, operation string) string {
	return "/model/" + strings.ReplaceAll(url.PathEscape(model), ":", "%3A") + "/" + operation
}

func nativeRequest(model string, streamed bool) (path, body string) {
	path = nativePath(model, "converse")
	if streamed {
		path += "-stream"
	}
	return path, `{"messages":[{"role":"user","content":[{"text":"Explain quantum computing"}]}]}`
}

// nativeError also reads Envoy's own errors.
func nativeError(body []byte) string {
	var e struct {
		Message        string
		Bedrock, Error struct{ Type string }
	}
	switch {
	case json.Unmarshal(body, &e) != nil:
		return "not JSON"
	case e.Message == "":
		return e.Error.Type
	}
	return e.Bedrock.Type
}

// nativeEnd reads the payload of a frame, by its exception or event type.
func nativeEnd(name string, data []byte) (end, kind string) {
	switch {
	case strings.HasSuffix(name, "Exception"):
		return "error", nativeError(data)
	case name == "messageStop":
		return "success", ""
	}
	return "", ""
}

// nativeStatuses are those of AWS, where they differ from the gateway's.
var nativeStatuses = map[string]int{
	"answer_too_large": 424, "bad_bedrock_answer": 424, "stream_truncated": 424, "timeout": 408,
	"bedrock_model_not_ready": 429, "bedrock_quota_exceeded": 400, "caller_credentials_refused": 403,
}

// readFrames reads an event stream to its end, as AWS's SDKs do: an exception takes the
// place of a success before it.
func readFrames(body io.Reader, begun func(), end func(string, []byte) (string, string)) (ends []string, kind string) {
	frames := eventstream.NewReader(body)
	for {
		m, err := frames.Next()
		switch {
		case errors.Is(err, io.EOF):
			return ends, kind
		case err != nil:
			return append(ends, "broken"), kind
		}
		begun()
		if how, what := end(string(m.EventType)+string(m.ExceptionType), m.Payload); how != "" {
			ends, kind = []string{how}, what
		}
	}
}

// sdk is AWS's client, pointed at the listener. It makes one attempt.
func (s *system) sdk() *bedrockruntime.Client {
	return bedrockruntime.New(bedrockruntime.Options{
		Region: "eu-west-3", BaseEndpoint: aws.String(s.envoy.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIADUMMY", "dummy", ""),
	})
}

const nativeARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"

func sdkQuestion(text string) []types.Message {
	return []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: text}}}}
}

// TestNativeSDK asks with AWS's SDK, by id and by ARN: the answer and the stream are read by
// the SDK, and the call is signed with the sidecar's identity.
func TestNativeSDK(t *testing.T) {
	s := start(t, nil)
	client := s.sdk()
	for _, model := range []string{faultModel, nativeARN} {
		t.Run(model, func(t *testing.T) {
			whole, err := client.Converse(t.Context(), &bedrockruntime.ConverseInput{ModelId: &model, Messages: sdkQuestion("What is 2+2?")})
			if err != nil {
				t.Fatal(err)
			}
			answer := whole.Output.(*types.ConverseOutputMemberMessage).Value.Content[0].(*types.ContentBlockMemberText).Value
			if !strings.Contains(answer, "4") || whole.StopReason != types.StopReasonEndTurn || whole.Usage == nil {
				t.Errorf("%q, %+v", answer, whole)
			}
			out, err := client.ConverseStream(t.Context(), &bedrockruntime.ConverseStreamInput{ModelId: &model, Messages: sdkQuestion("What is 2+2?")})
			if err != nil {
				t.Fatal(err)
			}
			streamed, kinds := addUp(out.GetStream())
			if diff := cmp.Diff(answer, streamed); diff != "" || out.GetStream().Err() != nil {
				t.Errorf("%v (-whole +stream):\n%s", out.GetStream().Err(), diff)
			}
			if want := "Start Delta Stop MessageStop Metadata"; kinds != want {
				t.Errorf("%s, want %s", kinds, want)
			}
			for range 2 {
				if c := s.ended(t); c.ModelID != model || c.AccessKeyID == "AKIADUMMY" || c.Region != "us-east-1" {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// TestNativeCountTokens: the count is Bedrock's. It is asked for once, at the backend that
// would be called first, and access rules and errors are those of calls.
func TestNativeCountTokens(t *testing.T) {
	s := start(t, nil, "-config", configFile(t, "bedrock_extproc:\n  access: [{match: {}, models: [\"anthropic.*\"]}]\n"))
	client := s.sdk()
	model, other := "anthropic.claude-sonnet-4-20250514-v1:0", faultModel
	invalid := model + "#fault=Validation"
	count := func(model *string) (*bedrockruntime.CountTokensOutput, error) {
		return client.CountTokens(t.Context(), &bedrockruntime.CountTokensInput{ModelId: model, Input: &types.CountTokensInputMemberConverse{
			Value: types.ConverseTokensRequest{Messages: sdkQuestion("What is 2+2?")},
		}})
	}
	out, err := count(&model)
	if err != nil || out.InputTokens == nil || *out.InputTokens < 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	if c := s.ended(t); c.Operation != fakebedrock.CountTokens || c.ModelID != model {
		t.Errorf("%+v", c)
	}
	if _, err := count(&other); !as[*types.AccessDeniedException](err) {
		t.Error(err)
	}
	if _, err := count(&invalid); !as[*types.ValidationException](err) {
		t.Error(err)
	}
}

// addUp reads a stream: its text, and the kinds of its events without repetitions.
func addUp(stream *bedrockruntime.ConverseStreamEventStream) (text, kinds string) {
	defer stream.Close()
	last := ""
	for ev := range stream.Events() {
		kind := fmt.Sprintf("%T", ev)
		switch e := ev.(type) {
		case *types.ConverseStreamOutputMemberMessageStart:
			kind = "Start"
		case *types.ConverseStreamOutputMemberContentBlockDelta:
			kind = "Delta"
			if piece, ok := e.Value.Delta.(*types.ContentBlockDeltaMemberText); ok {
				text += piece.Value
			}
		case *types.ConverseStreamOutputMemberContentBlockStop:
			kind = "Stop"
		case *types.ConverseStreamOutputMemberMessageStop:
			kind = "MessageStop"
		case *types.ConverseStreamOutputMemberMetadata:
			kind = "Metadata"
		}
		if kind != last {
			kinds, last = strings.TrimSpace(kinds+" "+kind), kind
		}
	}
	return text, kinds
}

// TestNativeBuffered: a stream comes in one piece through a filter that buffers.
func TestNativeBuffered(t *testing.T) {
	s := startWith(t, withMode(t, extprocv3.ProcessingMode_BUFFERED), nil)
	out, err := s.sdk().ConverseStream(t.Context(), &bedrockruntime.ConverseStreamInput{ModelId: aws.String(faultModel), Messages: sdkQuestion("What is 2+2?")})
	if err != nil {
		t.Fatal(err)
	}
	if text, kinds := addUp(out.GetStream()); !strings.Contains(text, "4") || kinds != "Start Delta Stop MessageStop Metadata" || out.GetStream().Err() != nil {
		t.Errorf("%q, %s, %v", text, kinds, out.GetStream().Err())
	}
}

// TestNativeSilence: a silent stream gets its headers and no bytes. What fails then is an
// exception of the stream.
func TestNativeSilence(t *testing.T) {
	s := start(t, nil, "-keep-alive", "20ms", "-config", configFile(t, "bedrock_extproc:\n  timeouts: {first_event: 300ms}\n"))
	out, err := s.sdk().ConverseStream(t.Context(), &bedrockruntime.ConverseStreamInput{ModelId: aws.String(faultModel + "#fault=hang"), Messages: sdkQuestion("hi")})
	if err != nil {
		t.Fatal(err)
	}
	if text, kinds := addUp(out.GetStream()); text+kinds != "" || !as[*types.ModelStreamErrorException](out.GetStream().Err()) {
		t.Errorf("%q, %s, %v", text, kinds, out.GetStream().Err())
	}
}

// TestNativeErrors: the SDK finds the type of each error of Bedrock, before an answer and
// within a stream.
func TestNativeErrors(t *testing.T) {
	s := start(t, nil, "-config", configFile(t, "bedrock_extproc:\n  retry: {attempts: 1}\n"))
	client := s.sdk()
	ask := func(fault string) (whole, streamed error) {
		model := faultModel + "#fault=" + fault
		_, whole = client.Converse(t.Context(), &bedrockruntime.ConverseInput{ModelId: &model, Messages: sdkQuestion("hi")})
		out, err := client.ConverseStream(t.Context(), &bedrockruntime.ConverseStreamInput{ModelId: &model, Messages: sdkQuestion("Explain quantum computing")})
		if err != nil {
			return whole, err
		}
		addUp(out.GetStream())
		return whole, out.GetStream().Err()
	}
	for _, c := range []struct {
		fault string
		is    func(error) bool
	}{
		{"AccessDenied", as[*types.AccessDeniedException]},
		{"InternalServer", as[*types.InternalServerException]},
		{"ModelError", as[*types.ModelErrorException]},
		{"ModelNotReady", as[*types.ModelNotReadyException]},
		{"ModelTimeout", as[*types.ModelTimeoutException]},
		{"ResourceNotFound", as[*types.ResourceNotFoundException]},
		{"ServiceUnavailable", as[*types.ServiceUnavailableException]},
		{"Throttling", as[*types.ThrottlingException]},
		{"Validation", as[*types.ValidationException]},
	} {
		if whole, streamed := ask(c.fault); !c.is(whole) || !c.is(streamed) {
			t.Errorf("%s: %v; %v", c.fault, whole, streamed)
		}
	}
	for _, c := range []struct {
		fault string
		is    func(error) bool
	}{
		{"internalServer&at=3", as[*types.InternalServerException]},
		{"modelStreamError&at=3", as[*types.ModelStreamErrorException]},
		{"serviceUnavailable&at=3", as[*types.ServiceUnavailableException]},
		{"throttling&at=3", as[*types.ThrottlingException]},
		{"validation&at=3", as[*types.ValidationException]},
		{"cut&at=3", as[*types.InternalServerException]},
	} {
		if _, streamed := ask(c.fault); !c.is(streamed) {
			t.Errorf("in the stream, %s: %v", c.fault, streamed)
		}
	}
	bad := "a bad id"
	_, err := client.Converse(t.Context(), &bedrockruntime.ConverseInput{ModelId: &bad, Messages: sdkQuestion("hi")})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "ValidationException" || !strings.Contains(e.ErrorMessage(), "modelId: ") {
		t.Errorf("%v", err)
	}
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// TestNativeBytes: requests and answers keep every byte, whole and streamed, also parts that
// nobody knows.
func TestNativeBytes(t *testing.T) {
	const request = "{ \"messages\":null,\n\"a\\u0041\":1.0e400, \"toolConfig\":[7] }"
	const reply = "{ \"output\":{\"message\":{\"content\":[{\"hologram\":1.00}]}},\"stopReason\":\"new\\u0041\", \"x\":[ ] }"
	var frames []byte
	for _, ev := range [][2]string{
		{"messageStart", `{"role":"assistant","p":"abc"}`},
		{"contentBlockDelta", ` {"delta":{"text":"half \ud83d"}, "contentBlockIndex":7}`},
		{"anEventOfTomorrow", `{"n":1.00}`},
		{"messageStop", `{"stopReason":"end_turn"}`},
		{"metadata", `{"usage":{"inputTokens":1}}`},
	} {
		frames = eventstream.AppendMessage(frames, []eventstream.Header{
			{Name: ":message-type", Value: "event"}, {Name: ":event-type", Value: ev[0]}, {Name: "x-new", Value: "1"},
		}, []byte(ev[1]))
	}
	received := make(chan string, 2)
	bedrock := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- string(body)
		w.Header().Set("X-Amzn-Requestid", "aws-1")
		if strings.HasSuffix(r.URL.Path, "-stream") {
			w.Header().Set("Content-Type", nativeStream)
			_, _ = w.Write(frames)
			return
		}
		_, _ = io.WriteString(w, reply)
	}))
	t.Cleanup(bedrock.Close)
	s := start(t, nil, "-config", configFile(t, "providers: {llm: {default: a, backends: {a: {backend: BedrockConverseProvider, config: {endpoint_url: \""+bedrock.URL+"\"}}}}}\n"))
	for operation, want := range map[string]string{"converse": reply, "converse-stream": string(frames)} {
		for name, client := range protocols() {
			resp := post(t, client, s.url(nativePath(faultModel, operation)), request, "Authorization", "AWS4-HMAC-SHA256 Credential=x")
			got, err := io.ReadAll(resp.Body)
			if diff := cmp.Diff(want, string(got)); diff != "" || err != nil || resp.Header.Get("X-Amzn-Requestid") != "aws-1" {
				t.Errorf("%s, %s: %v, %v (-want +got):\n%s", name, operation, err, resp.Header, diff)
			}
			if diff := cmp.Diff(request, <-received); diff != "" {
				t.Errorf("%s at Bedrock (-want +got):\n%s", operation, diff)
			}
		}
	}
}

// TestNativePaths: no spelling of a path reaches another endpoint than Envoy's routes and
// filters have seen, and none reaches a model that is not allowed.
func TestNativePaths(t *testing.T) {
	const allowed = "us.amazon.nova-micro-v1:0"
	s := start(t, nil, "-config", configFile(t, "bedrock_extproc:\n  access: [{match: {}, models: [\""+allowed+"\"]}]\n"))
	other := url.PathEscape(faultModel)
	for path, c := range map[string]struct {
		status int
		name   string // of the exception
	}{
		"/model/" + allowed + "/converse":                                   {200, ""},
		"/model/us%2eamazon%2Enova-micro-v1%3a0/converse":                   {200, ""},
		"//model//" + allowed + "//converse":                                {200, ""},
		"/model/" + other + "/../" + allowed + "/converse":                  {200, ""},
		"/model/" + allowed + "/../" + other + "/converse":                  {403, "AccessDeniedException"},
		"/model/" + allowed + "/%2e%2e/" + other + "/converse":              {403, "AccessDeniedException"},
		"/model/" + allowed + "%2F..%2F" + other + "/converse":              {400, "ValidationException"},
		"/model/..%2Fmodel%2F" + other + "/converse":                        {400, "ValidationException"},
		"/model/%2e%2e%2Fmodel/converse":                                    {400, "ValidationException"},
		"/model/" + allowed + "%00/converse":                                {400, ""}, // from Envoy
		"/model/" + allowed + "%3Fx/converse":                               {400, "ValidationException"},
		"/model/" + allowed + "%252e/converse":                              {400, "ValidationException"},
		"/model/" + strings.ReplaceAll(nativeARN, "/", "%2F") + "/converse": {403, "AccessDeniedException"},
		"/model/" + nativeARN + "/converse":                                 {403, "AccessDeniedException"},
		"/model/" + allowed + "/converse%2F..%2Fconverse":                   {404, "UnknownOperationException"},
		"/model/converse":                                    {404, "UnknownOperationException"},
		"/model//converse":                                   {404, "UnknownOperationException"},
		"/model%2F" + allowed + "/converse":                  {404, ""},
		"/model/" + allowed + "/invoke":                      {404, "UnknownOperationException"},
		"/model/" + allowed + "/invoke-with-response-stream": {404, "UnknownOperationException"},
		"/model/" + allowed + "/converse/../../../model/" + other + "/converse": {403, "AccessDeniedException"},
	} {
		resp := postPath(t, s.envoy.URL, path, `{"messages":[{"role":"user","content":[{"text":"What is 2+2?"}]}]}`)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != c.status || resp.Header.Get("X-Amzn-Errortype") != c.name {
			t.Errorf("%s: status %d, %q, want %d, %q: %.200s", path, resp.StatusCode, resp.Header.Get("X-Amzn-Errortype"), c.status, c.name, body)
		}
	}
	for _, call := range s.bedrock.Calls() {
		if call.ModelID != allowed {
			t.Errorf("a call of %s", call.ModelID)
		}
	}
}

// postPath sends a path as it is.
func postPath(t *testing.T, server, path, body string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestNativePolicy: aliases, guardrails and request metadata of the configuration apply, and
// the caller's own keys count only in the X-AWS headers.
func TestNativePolicy(t *testing.T) {
	s := start(t, nil, "-config", configFile(t, `
providers:
  llm:
    default: a
    backends:
      a:
        backend: BedrockConverseProvider
        config:
          region: us-east-1
          models: {fast: us.amazon.nova-micro-v1:0}
          guardrail: {id: gr-1, version: "1"}
          request_metadata: {team: ours}
`))
	resp := post(t, newClient(true), s.url("/model/fast/converse"), `{"requestMetadata":{"team":"mine","k":"v"},"messages":[{"role":"user","content":[{"text":"What is 2+2?"}]}]}`,
		"X-AWS-Access-Key-Id", fakebedrock.DemoAccessKeyID, "X-AWS-Secret-Access-Key", fakebedrock.DemoSecretAccessKey)
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%d: %s", resp.StatusCode, body)
	}
	call := s.ended(t)
	want := `{"messages":[{"role":"user","content":[{"text":"What is 2+2?"}]}],"guardrailConfig":{"guardrailIdentifier":"gr-1","guardrailVersion":"1"},"requestMetadata":{"team":"ours","k":"v"}}`
	if diff := cmp.Diff(want, string(call.Body)); diff != "" || call.ModelID != "us.amazon.nova-micro-v1:0" || call.AccessKeyID != fakebedrock.DemoAccessKeyID {
		t.Errorf("%s, %s\n%s", call.ModelID, call.AccessKeyID, diff)
	}
}
