package fakebedrock_test

import (
	"errors"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
)

// typed are the exceptions with a type in the SDK; inStream marks those that the SDK
// also knows in event streams.
var typed = []struct {
	err      error
	status   int
	inStream bool
}{
	{&types.AccessDeniedException{}, 403, false},
	{&types.ConflictException{}, 400, false},
	{&types.InternalServerException{}, 500, true},
	{&types.ModelErrorException{}, 424, false},
	{&types.ModelNotReadyException{}, 429, false},
	{&types.ModelStreamErrorException{}, 424, true},
	{&types.ModelTimeoutException{}, 408, false},
	{&types.ResourceNotFoundException{}, 404, false},
	{&types.ServiceQuotaExceededException{}, 400, false},
	{&types.ServiceUnavailableException{}, 503, true},
	{&types.ThrottlingException{}, 429, true},
	{&types.ValidationException{}, 400, true},
}

// isA is errors.As for a type known only at run time.
func isA(err, like error) bool {
	target := reflect.New(reflect.TypeOf(like))
	return errors.As(err, target.Interface())
}

func scripted(b fakebedrock.Behaviour) fakebedrock.Config {
	return fakebedrock.Config{Script: func(*fakebedrock.Request) fakebedrock.Behaviour { return b }}
}

func TestExceptionsBeforeTheAnswer(t *testing.T) {
	for _, test := range typed {
		name := code(test.err)
		t.Run(name, func(t *testing.T) {
			e, ok := fakebedrock.NewException(name, "as scripted")
			if !ok {
				t.Fatal("unknown exception")
			}
			server := httptest.NewServer(fakebedrock.New(scripted(fakebedrock.Behaviour{Exception: e})))
			defer server.Close()
			client := newClient(t, server.URL, server.Client())
			_, whole := client.Converse(t.Context(), ask("hello"))
			_, streamed := client.ConverseStream(t.Context(), askStream("hello"), bedrocktest.OwnProtocol)
			for _, err := range []error{whole, streamed} {
				response, ok := errors.AsType[*smithyhttp.ResponseError](err)
				if !ok || response.HTTPStatusCode() != test.status || code(err) != name {
					t.Errorf("got %v, want status %d", err, test.status)
				}
				api, ok := errors.AsType[smithy.APIError](err)
				if !ok || api.ErrorMessage() != "as scripted" {
					t.Errorf("message of %v", err)
				}
				if !isA(err, test.err) {
					t.Errorf("%v is not a %T", err, test.err)
				}
			}
		})
	}
}

func TestExceptionsInTheStream(t *testing.T) {
	for _, test := range typed {
		if !test.inStream {
			continue
		}
		name := code(test.err)
		t.Run(name, func(t *testing.T) {
			e, _ := fakebedrock.NewException(name, "")
			_, client := start(t, scripted(fakebedrock.Behaviour{
				Fault: fakebedrock.FaultException, Exception: e, After: 2, Answer: fakebedrock.Answer{Tokens: 5},
			}))
			events, err := collect(t, client, askStream("hello"))
			if len(events) != 2 || !isA(err, test.err) {
				t.Errorf("%d events, then %v", len(events), err)
			}
		})
	}
}

func TestModelErrorsTellMore(t *testing.T) {
	e, _ := fakebedrock.NewException("modelError", "")
	e.OriginalStatusCode = 529
	_, client := start(t, scripted(fakebedrock.Behaviour{Exception: e}))
	_, err := client.Converse(t.Context(), ask("hello"))
	model, ok := errors.AsType[*types.ModelErrorException](err)
	if !ok || *model.OriginalStatusCode != 529 || *model.ResourceName == "" {
		t.Errorf("got %v", err)
	}

	e, _ = fakebedrock.NewException("modelStreamError", "")
	e.OriginalMessage = "invalid sequence"
	_, client = start(t, scripted(fakebedrock.Behaviour{Exception: e, Fault: fakebedrock.FaultException}))
	_, err = collect(t, client, askStream("hello"))
	stream, ok := errors.AsType[*types.ModelStreamErrorException](err)
	if !ok || *stream.OriginalMessage != "invalid sequence" || *stream.OriginalStatusCode != 500 {
		t.Errorf("got %v", err)
	}
}

// Exceptions of the layer before the service have no type in the SDK.
func TestFrontLayer(t *testing.T) {
	for name, status := range map[string]int{
		"ExpiredTokenException": 403, "FTUFormNotFilled": 404, "IncompleteSignatureException": 400, "InvalidSignatureException": 403,
		"MissingAuthenticationTokenException": 403, "RequestEntityTooLargeException": 413, "SerializationException": 400,
		"UnknownOperationException": 404, "UnrecognizedClientException": 403,
	} {
		e, ok := fakebedrock.NewException(name, "")
		if !ok || e.Status != status {
			t.Errorf("%s: %+v", name, e)
			continue
		}
		_, client := start(t, scripted(fakebedrock.Behaviour{Exception: e}))
		_, err := client.Converse(t.Context(), ask("hello"))
		api, ok := errors.AsType[*smithy.GenericAPIError](err)
		if !ok || api.Code != name || api.Message != e.Message {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNamesOfExceptions(t *testing.T) {
	for _, name := range []string{"throttling", "Throttle", "throttlingException", "ThrottlingException"} {
		if e, ok := fakebedrock.NewException(name, ""); !ok || e.Name != "ThrottlingException" {
			t.Errorf("%s: %+v, %v", name, e, ok)
		}
	}
	if e, ok := fakebedrock.NewException("sleepy", ""); ok {
		t.Errorf("got %+v", e)
	}
}
