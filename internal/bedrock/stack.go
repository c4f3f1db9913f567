package bedrock

import (
	"errors"

	"github.com/aws/smithy-go/middleware"
)

// lean takes the steps out of a call of the SDK's that have nothing to do here, and
// cost a sixth of it: its loop of retries, which would make one attempt; what
// measures AWS's time for that loop, see clock; interceptors and logging, of which
// there are none; the raw response and its id, which the exchange has seen itself;
// the first endpoint resolver, which another one has replaced; the loop detection
// of Lambda functions; and the check of the input, which is a model id.
func lean(stack *middleware.Stack) error {
	return errors.Join(
		without(stack.Initialize.Remove, "OperationInputValidation"),
		without(stack.Serialize.Remove, "ResolveEndpoint"),
		without(stack.Build.Remove, "RecursionDetection"),
		without(stack.Finalize.Remove, "InterceptBeforeRetryLoop", "Retry", "InterceptAttempt"),
		without(stack.Deserialize.Remove, "AddRawResponseToMetadata", "RecordResponseTiming", "RequestResponseLogger", "RequestIDRetriever"),
	)
}

// without removes steps, and reports those that are not there.
func without[M any](remove func(id string) (M, error), ids ...string) error {
	for _, id := range ids {
		if _, err := remove(id); err != nil {
			return err
		}
	}
	return nil
}
