// Package bedrock is the only code that talks to AWS. It stands behind extproc:
// it takes a translated call, sends its bytes to Converse or ConverseStream, and
// gives back the reply's bytes or the stream's events as they came.
//
// The SDK's client does endpoints, credentials, signing and typed errors; its
// types for messages and events are not used. See exchange for the seam.
package bedrock
