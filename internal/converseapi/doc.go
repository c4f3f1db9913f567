// Package converseapi makes one HTTP call of Bedrock's Converse or ConverseStream:
// it sends a request's bytes, and returns the reply's bytes or the stream's events
// as they came, facts about the attempt, or an error for the client.
//
// It is the second of three stops on a call's way to AWS: bedrock decides about
// backends and attempts, awsauth about credentials.
//
// The SDK's client does endpoints, credentials, signing and typed errors; its types
// for messages and events are not used. See attempt for the seam.
package converseapi
