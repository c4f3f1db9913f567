// Package awsauth decides as whom a call to AWS is signed: with the caller's own
// keys, or as an identity of the sidecar (the AWS default chain, a profile, an
// assumed role, a bearer token). It also corrects the time of signatures.
//
// It is the last of three stops on a call's way to AWS: bedrock chooses a backend
// and asks for a Principal, converseapi makes one HTTP call in its name.
package awsauth
