// Package cause names why a step of a call to AWS failed before AWS answered the call
// itself: finding credentials, STS, DNS, a proxy, a connection, TLS.
//
// awsauth and converseapi ask it for the class and the words of an error; bedrock logs
// them. One table (steps.go) holds every step, and docs/causes.md is written from it.
package cause
