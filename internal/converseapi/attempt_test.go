package converseapi

import (
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/schemas"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"
	"github.com/google/go-cmp/cmp"
)

// The request line and headers are the same as the SDK's own protocol writes.
func TestSerializeRequest(t *testing.T) {
	ids := []string{
		"amazon.nova-lite-v1:0",
		"arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.amazon.nova-lite-v1:0",
		"a b/%2F?#&=+é~",
	}
	converse := smithy.NewOperationSchema(schemas.Converse, schemas.ConverseRequest, schemas.ConverseResponse)
	stream := smithy.NewOperationSchema(schemas.ConverseStream, schemas.ConverseStreamRequest, schemas.ConverseStreamResponse)
	for _, id := range ids {
		checkRequest(t, converse, id, &bedrockruntime.ConverseInput{ModelId: &id})
		checkRequest(t, stream, id, &bedrockruntime.ConverseStreamInput{ModelId: &id})
	}
}

func checkRequest(t *testing.T, op *smithy.OperationSchema, id string, in smithy.Serializable) {
	t.Helper()
	got, want := smithyhttp.NewStackRequest().(*smithyhttp.Request), smithyhttp.NewStackRequest().(*smithyhttp.Request)
	sdk := restjson1.New(nil)
	if err := sdk.SerializeRequest(t.Context(), op, in, want); err != nil {
		t.Fatal(err)
	}
	a := &attempt{Protocol: sdk, request: Request{ModelID: id, Body: []byte(`{"n": 1e2}`)}}
	if err := a.SerializeRequest(t.Context(), op, in, got); err != nil {
		t.Fatal(err)
	}
	type line struct {
		Method, Path, RawPath, Query string
		Header                       http.Header
	}
	of := func(r *smithyhttp.Request) line {
		return line{r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.Header}
	}
	if diff := cmp.Diff(of(want), of(got)); diff != "" {
		t.Errorf("%s (-SDK +ours):\n%s", id, diff)
	}
	body, err := io.ReadAll(got.GetStream())
	if err != nil || string(body) != string(a.request.Body) {
		t.Errorf("body %s, %v", body, err)
	}
}
