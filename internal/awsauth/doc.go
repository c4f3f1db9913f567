// Package awsauth decides whose credentials sign a call to AWS: the caller's own
// keys, or an identity of the sidecar (the AWS default chain, a profile, an assumed
// role, a bearer token). It also corrects the time of signatures.
//
// It is the last of three stops on a call's way to AWS: bedrock chooses a backend and
// asks for a Principal, converseapi makes one HTTP call, signed by that.
package awsauth
