// Package bedrock is the only code that talks to AWS. It stands behind extproc:
// it takes a translated call, sends its bytes to Converse or ConverseStream, and
// gives back the reply's bytes or the stream's events as they came.
//
// Until the first byte of an answer is there, a call that fails for a passing
// reason is made again, and then at the backend's fallbacks; see Retry, CoolDown
// and BackendConfig.Fallback. Limits bound how long all of it may take.
//
// The SDK's client does endpoints, credentials, signing and typed errors; its
// types for messages and events are not used. See exchange for the seam.
package bedrock
