// Package extproc is Envoy's side of one call. It implements the gRPC service
// envoy.service.ext_proc.v3.ExternalProcessor for a filter that answers every
// request itself: it receives the request, takes one configuration for it (a
// Gateway), hands it to a dialect and a backend, and replies with one
// ImmediateResponse or a live StreamedImmediateResponse.
//
// It sends Envoy nothing before it has an answer, never ends an RPC in the middle of
// one, and cancels the backend as soon as the client is gone.
package extproc
