package gateway

import "testing"

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name, asked, want string
		said              said
	}{
		{"nobody chooses", "", "", nil},
		{"the client", "eu", "eu", nil},
		{"the route overrides the client", "eu", "us", said{MetadataBackend: {"us"}}},
		{"the client may not", "eu", "", said{MetadataClientChoice: {"ignore"}}},
		{"the client may", "eu", "eu", said{MetadataClientChoice: {"allow"}}},
		{"the first value counts", "", "us", said{MetadataBackend: {"us", "eu"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, fixed := choose(c.said, c.asked)
			if got != c.want || fixed != (c.want != c.asked) {
				t.Errorf("got %q, %v, want %q", got, fixed, c.want)
			}
		})
	}
}
