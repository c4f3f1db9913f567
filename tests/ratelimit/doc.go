// Package ratelimit tests examples/envoy/budget and examples/envoy/apikeys with the real
// rate limit service, github.com/envoyproxy/ratelimit, and Redis: redis-server if it is on
// PATH, otherwise miniredis. It is a separate module, so that bedrock-extproc does not
// depend on them.
package ratelimit
