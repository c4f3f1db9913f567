// Package bedrock sends a translated call to Amazon Bedrock: it decides which
// backend gets it, how often it is attempted, and when it must end.
//
// extproc calls it. It is the first of three stops on a call's way to AWS:
// converseapi makes each HTTP call, awsauth provides the credentials.
//
// Until the first byte of an answer is there, a call that fails for a passing reason
// is repeated, and then sent to the backend's fallbacks; see Retry, CoolDown and
// BackendConfig.Fallback. Limits bound how long a call may take.
package bedrock
