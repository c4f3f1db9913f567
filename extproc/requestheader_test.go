package extproc

import (
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// TestRepeatedHeaders: a dialect sees all values of a list, and the first of any other
// header.
func TestRepeatedHeaders(t *testing.T) {
	var r request
	r.readHeaders(&corev3.HeaderMap{Headers: []*corev3.HeaderValue{
		{Key: "anthropic-beta", RawValue: []byte("a-1,b-2")},
		{Key: "x-provider", RawValue: []byte("us")},
		{Key: "anthropic-beta"},
		{Key: "anthropic-beta", RawValue: []byte("c-3")},
		{Key: "x-provider", RawValue: []byte("eu")},
		{Key: "authorization", RawValue: []byte("secret")},
	}})
	for name, want := range map[string]string{"anthropic-beta": "a-1,b-2,c-3", "x-provider": "us", "authorization": "", "x-none": ""} {
		if got := r.header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
