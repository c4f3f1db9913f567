// Package native is the dialect of Amazon Bedrock's own Converse API: POST
// /model/{modelId}/converse, /converse-stream and /count-tokens. Requests and answers pass
// through as they are; only what the operator sets is changed, and errors take the form
// that AWS's SDKs expect.
package native

//go:generate go test . -run TestPage -update
