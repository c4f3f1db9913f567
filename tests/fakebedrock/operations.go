package fakebedrock

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"bedrock-extproc/tests/fakebedrock/validate"
)

// Operation is the API operation of a path.
type Operation string

// The operations that are served.
const (
	Converse       Operation = "Converse"
	ConverseStream Operation = "ConverseStream"
	CountTokens    Operation = "CountTokens"
)

// modelOperations are the operations below /model/{modelId}/, by their last segment.
var modelOperations = map[string]Operation{
	"converse":                         Converse,
	"converse-stream":                  ConverseStream,
	"count-tokens":                     CountTokens,
	"invoke":                           "InvokeModel",
	"invoke-with-response-stream":      "InvokeModelWithResponseStream",
	"invoke-with-bidirectional-stream": "InvokeModelWithBidirectionalStream",
}

// deniedActions are the IAM actions that the operations need which are not served. The
// callers have none of them.
var deniedActions = map[Operation]string{
	"InvokeModel":                        "InvokeModel",
	"InvokeModelWithResponseStream":      "InvokeModelWithResponseStream",
	"InvokeModelWithBidirectionalStream": "InvokeModelWithBidirectionalStream",
	"ApplyGuardrail":                     "ApplyGuardrail",
	"InvokeGuardrailChecks":              "InvokeGuardrailChecks",
	"StartAsyncInvoke":                   "InvokeModel", // as its page says
	"GetAsyncInvoke":                     "GetAsyncInvoke",
	"ListAsyncInvokes":                   "ListAsyncInvokes",
}

// route returns the operation of a request, and the unescaped id of its model or other
// resource. It parses the escaped path itself: net/http's patterns would redirect
// /model//converse, for which the service reports an invalid model id.
func route(r *http.Request) (op Operation, id string, ok bool) {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, s := range segments {
		unescaped, err := url.PathUnescape(s)
		if err != nil {
			return "", "", false
		}
		segments[i] = unescaped
	}
	switch path, n := segments, len(segments); {
	case r.Method == http.MethodPost && n == 3 && path[0] == "model":
		op, ok = modelOperations[path[2]]
		return op, path[1], ok
	case r.Method == http.MethodPost && n == 5 && path[0] == "guardrail" && path[2] == "version" && path[4] == "apply":
		return "ApplyGuardrail", path[1], true
	case r.Method == http.MethodPost && n == 2 && path[0] == "guardrail-checks" && path[1] == "invoke":
		return "InvokeGuardrailChecks", "*", true
	case path[0] != "async-invoke":
	case r.Method == http.MethodPost && n == 1:
		return "StartAsyncInvoke", "*", true
	case r.Method == http.MethodGet && n == 1:
		return "ListAsyncInvokes", "*", true
	case r.Method == http.MethodGet && n == 2:
		return "GetAsyncInvoke", path[1], true
	}
	return "", "", false
}

// denied is the exception for a caller without the action that the operation needs, nil
// for an operation that is served.
func denied(op Operation, id, region string) *Exception {
	action, ok := deniedActions[op]
	if !ok {
		return nil
	}
	e := exceptionNamed("AccessDeniedException", fmt.Sprintf(
		"User: arn:aws:iam::%s:user/fake-bedrock is not authorized to perform: bedrock:%s on resource: %s because no identity-based policy allows the bedrock:%s action",
		demoAccount, action, resourceARN(op, id, cmp.Or(region, "us-east-1")), action))
	return e
}

const demoAccount = "123456789012"

// resourceARN returns the ARN of the resource that an operation that is not served names.
func resourceARN(op Operation, id, region string) string {
	prefix := "arn:aws:bedrock:" + region + ":" + demoAccount + ":"
	switch {
	case strings.HasPrefix(id, "arn:"):
		return id
	case strings.HasPrefix(string(op), "InvokeModel") && validate.IsProfile(id):
		return prefix + "inference-profile/" + id
	case strings.HasPrefix(string(op), "InvokeModel"):
		return "arn:aws:bedrock:" + region + "::foundation-model/" + id
	case strings.Contains(string(op), "Guardrail"):
		return prefix + "guardrail/" + id
	}
	return prefix + "async-invoke/" + id
}
