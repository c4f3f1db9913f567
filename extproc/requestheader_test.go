package extproc

import "testing"

// TestRepeatedHeaders: a dialect sees all values of a list, and the first of any other
// header.
func TestRepeatedHeaders(t *testing.T) {
	var r request
	r.readHeaders([]header{
		{"anthropic-beta", "a-1,b-2"},
		{"x-provider", "us"},
		{"anthropic-beta", ""},
		{"anthropic-beta", "c-3"},
		{"x-provider", "eu"},
		{"authorization", "secret"},
	})
	for name, want := range map[string]string{"anthropic-beta": "a-1,b-2,c-3", "x-provider": "us", "authorization": "", "x-none": ""} {
		if got := r.header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
