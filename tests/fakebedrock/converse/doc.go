// Package converse has the request and reply types of the Converse API that the fake
// Bedrock needs, and counts their tokens.
//
// It is not a client library: it has only the fields that the fake uses. Decoding is
// lenient, because package validate checks requests first.
package converse
