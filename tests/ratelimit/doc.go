// Package ratelimit tries examples/envoy/budget with the real rate limit service,
// github.com/envoyproxy/ratelimit, which keeps its counts in Redis: the program
// redis-server where it is on PATH, or else miniredis. It is a module of its own,
// so that these stay out of the program's.
package ratelimit
