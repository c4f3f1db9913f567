package converseapi

import (
	"errors"

	"github.com/aws/smithy-go/middleware"
)

// removeUnusedSteps removes the steps of an SDK call that have no use here and take a
// sixth of its time: the retry loop, which cannot know of an exception inside a
// stream, and the measurement of AWS's time for it (awsauth corrects the clock);
// interceptors and logging, which are not used; the raw response and its id, which
// attempt.Do has recorded; the older endpoint resolver; the loop detection of Lambda
// functions; and the check of the input, which is only a model id.
func removeUnusedSteps(stack *middleware.Stack) error {
	return errors.Join(
		removeSteps(stack.Initialize.Remove, "OperationInputValidation"),
		removeSteps(stack.Serialize.Remove, "ResolveEndpoint"),
		removeSteps(stack.Build.Remove, "RecursionDetection"),
		removeSteps(stack.Finalize.Remove, "InterceptBeforeRetryLoop", "Retry", "InterceptAttempt"),
		removeSteps(stack.Deserialize.Remove, "AddRawResponseToMetadata", "RecordResponseTiming", "RequestResponseLogger", "RequestIDRetriever"),
	)
}

// removeSteps returns an error if a step does not exist.
func removeSteps[M any](remove func(id string) (M, error), ids ...string) error {
	for _, id := range ids {
		if _, err := remove(id); err != nil {
			return err
		}
	}
	return nil
}
