package fakebedrock_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
)

const baseClaude = "anthropic.claude-sonnet-4-20250514-v1:0"

func count(client *bedrockruntime.Client, model string, input types.CountTokensInput) (int32, error) {
	out, err := client.CountTokens(context.Background(), &bedrockruntime.CountTokensInput{ModelId: &model, Input: input})
	if err != nil {
		return 0, err
	}
	return *out.InputTokens, nil
}

// A count is what Converse reports, for a model that Converse reaches only through a
// profile, too.
func TestCountTokens(t *testing.T) {
	_, client := start(t, fakebedrock.Config{})
	in := ask("What is the weather in Seattle?")
	in.System = []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: "Be brief."}}
	in.ToolConfig = weatherTool()
	_, out := say(t, client, in)
	input := &types.CountTokensInputMemberConverse{Value: types.ConverseTokensRequest{
		Messages: in.Messages, System: in.System, ToolConfig: in.ToolConfig,
		AdditionalModelRequestFields: document.NewLazyDocument(map[string]any{"top_k": 5}),
	}}
	for _, model := range []string{baseClaude, "arn:aws:bedrock:us-east-1::foundation-model/" + baseClaude, "amazon.nova-lite-v1:0"} {
		if got, err := count(client, model, input); err != nil || got != *out.Usage.InputTokens {
			t.Errorf("%s: %d tokens, %v; Converse reports %d", model, got, err, *out.Usage.InputTokens)
		}
	}
	short := &types.CountTokensInputMemberInvokeModel{Value: types.InvokeModelTokensRequest{Body: []byte(`{"prompt":"hello"}`)}}
	long := &types.CountTokensInputMemberInvokeModel{Value: types.InvokeModelTokensRequest{Body: []byte(`{"prompt":"hello, hello"}`)}}
	few, err := count(client, baseClaude, short)
	if err != nil {
		t.Fatal(err)
	}
	if more, err := count(client, baseClaude, long); err != nil || more <= few {
		t.Errorf("%d tokens, then %d, %v", few, more, err)
	}
}

func TestCountTokensRejects(t *testing.T) {
	_, client := start(t, fakebedrock.Config{})
	input := &types.CountTokensInputMemberConverse{Value: types.ConverseTokensRequest{Messages: user("hello")}}
	empty := &types.CountTokensInputMemberConverse{Value: types.ConverseTokensRequest{Messages: user("")}}
	for name, test := range map[string]struct {
		model, want string
		input       types.CountTokensInput
	}{
		"profile":       {claude, "The provided model doesn't support counting tokens.", input},
		"profile's ARN": {"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6", "The provided model doesn't support counting tokens.", input},
		"embeddings":    {"amazon.titan-embed-text-v2:0", "The provided model doesn't support counting tokens.", input},
		"typo":          {"anthropic.claude-sonnet-4-20250514-v1:O", "The provided model identifier is invalid.", input},
		"blank text":    {baseClaude, "The text field in the ContentBlock object at messages.0.content.0 is blank. Add text to the text field, and try again.", empty},
	} {
		_, err := count(client, test.model, test.input)
		api, ok := errors.AsType[smithy.APIError](err)
		if !ok || api.ErrorCode() != "ValidationException" || api.ErrorMessage() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

// Operations that are not served are denied as by a policy, after authentication.
func TestDeniedOperations(t *testing.T) {
	bedrock, client := start(t, fakebedrock.Config{})
	ctx, body := t.Context(), []byte(`{}`)
	for name, test := range map[string]struct {
		action, resource string
		call             func() error
	}{
		"InvokeModel": {"InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/" + baseClaude, func() error {
			_, err := client.InvokeModel(ctx, &bedrockruntime.InvokeModelInput{ModelId: new(baseClaude), Body: body})
			return err
		}},
		"InvokeModelWithResponseStream": {"InvokeModelWithResponseStream", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + claude, func() error {
			_, err := client.InvokeModelWithResponseStream(ctx, &bedrockruntime.InvokeModelWithResponseStreamInput{ModelId: new(claude), Body: body}, bedrocktest.OwnProtocol)
			return err
		}},
		"ApplyGuardrail": {"ApplyGuardrail", "arn:aws:bedrock:us-east-1:123456789012:guardrail/gr-1", func() error {
			_, err := client.ApplyGuardrail(ctx, &bedrockruntime.ApplyGuardrailInput{
				GuardrailIdentifier: new("gr-1"), GuardrailVersion: new("1"), Source: types.GuardrailContentSourceInput, Content: []types.GuardrailContentBlock{},
			})
			return err
		}},
		"StartAsyncInvoke": {"InvokeModel", "arn:aws:bedrock:us-east-1:123456789012:async-invoke/*", func() error {
			_, err := client.StartAsyncInvoke(ctx, &bedrockruntime.StartAsyncInvokeInput{
				ModelId: new("amazon.nova-reel-v1:0"), ModelInput: document.NewLazyDocument(map[string]any{}),
				OutputDataConfig: &types.AsyncInvokeOutputDataConfigMemberS3OutputDataConfig{Value: types.AsyncInvokeS3OutputDataConfig{S3Uri: new("s3://bucket")}},
			})
			return err
		}},
		"GetAsyncInvoke": {"GetAsyncInvoke", "arn:aws:bedrock:us-east-1:123456789012:async-invoke/a1b2c3d4e5f6", func() error {
			_, err := client.GetAsyncInvoke(ctx, &bedrockruntime.GetAsyncInvokeInput{InvocationArn: new("arn:aws:bedrock:us-east-1:123456789012:async-invoke/a1b2c3d4e5f6")})
			return err
		}},
		"ListAsyncInvokes": {"ListAsyncInvokes", "arn:aws:bedrock:us-east-1:123456789012:async-invoke/*", func() error {
			_, err := client.ListAsyncInvokes(ctx, &bedrockruntime.ListAsyncInvokesInput{})
			return err
		}},
	} {
		err := test.call()
		want := "User: arn:aws:iam::123456789012:user/fake-bedrock is not authorized to perform: bedrock:" + test.action + " on resource: " + test.resource +
			" because no identity-based policy allows the bedrock:" + test.action + " action"
		denied, ok := errors.AsType[*types.AccessDeniedException](err)
		if !ok || denied.ErrorMessage() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		if last := bedrock.Calls()[bedrock.Received()-1]; string(last.Operation) != name || last.Status != 403 {
			t.Errorf("%s: recorded %s, status %d", name, last.Operation, last.Status)
		}
	}
	stranger := newClient(t, *client.Options().BaseEndpoint, http.DefaultClient, static("AKIDNOBODY", "x", ""))
	if _, err := stranger.InvokeModel(ctx, &bedrockruntime.InvokeModelInput{ModelId: new(baseClaude), Body: body}); code(err) != "UnrecognizedClientException" {
		t.Errorf("stranger: %v", err)
	}
}

// Recorded: text as a PNG, on a stream.
func TestErrorAsFirstFrame(t *testing.T) {
	const want = "The model returned the following errors: The detected file MIME type text/plain does not match the expected type image/png. Reformat your input and try again."
	body := strings.Replace(helloBody, `[{"text"`, `[{"image":{"format":"png","source":{"bytes":"aGVsbG8="}}},{"text"`, 1)
	s := serve(t, fakebedrock.Config{}, false)
	resp, frames, err := s.stream(body)
	if err != nil || resp.StatusCode != 200 || len(frames) != 1 {
		t.Fatalf("got %v, %d frames, %v, want 200 and one frame", resp, len(frames), err)
	}
	first := frame{
		headers: [][2]string{{":exception-type", "validationException"}, {":content-type", "application/json"}, {":message-type", "exception"}},
		payload: `{"message":"` + want + `"}`,
	}
	if diff := cmp.Diff(first, frames[0], cmp.AllowUnexported(frame{})); diff != "" {
		t.Error(diff)
	}
	if call := s.bedrock.Calls()[0]; call.Aborted || call.Events != 1 {
		t.Errorf("recorded %d events, aborted %v", call.Events, call.Aborted)
	}
	resp, whole, err := s.whole(body)
	if err != nil || resp.StatusCode != 400 || whole != `{"message":"`+want+`"}` {
		t.Errorf("whole: %v %s, %v", resp, whole, err)
	}
}
