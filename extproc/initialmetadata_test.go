package extproc

import (
	"testing"

	"google.golang.org/grpc/metadata"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name, asked, want string
		pairs             []string
	}{
		{"nobody chooses", "", "", nil},
		{"the client", "eu", "eu", nil},
		{"the route beats the client", "eu", "us", []string{MetadataBackend, "us"}},
		{"the client may not", "eu", "", []string{MetadataClientChoice, "ignore"}},
		{"the client may", "eu", "eu", []string{MetadataClientChoice, "allow"}},
		{"the first value counts", "", "us", []string{MetadataBackend, "us", MetadataBackend, "eu"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(c.pairs...))
			got, fixed := choose(ctx, c.asked)
			if got != c.want || fixed != (c.want != c.asked) {
				t.Errorf("got %q, %v, want %q", got, fixed, c.want)
			}
		})
	}
}
