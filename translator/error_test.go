package translator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bedrock-extproc/translator"
)

func TestAsError(t *testing.T) {
	if got := translator.AsError(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
	own := &translator.Error{Status: 400, Kind: translator.KindInvalid, Message: "m", Path: "p"}
	if got := translator.AsError(fmt.Errorf("wrapped: %w", own)); got != own {
		t.Errorf("got %v, want the error in the chain", got)
	}
	cause := errors.New("secret of the inside")
	hidden := translator.AsError(cause)
	if hidden.Status != 500 || hidden.Kind != translator.KindInternal || !errors.Is(hidden, cause) {
		t.Errorf("got %+v", hidden)
	}
	if text := hidden.Error() + hidden.Message + hidden.Hint; strings.Contains(text, "secret") {
		t.Errorf("the client would read %q", text)
	}
	if got, want := own.Error(), "invalid_request at p: m"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHasKeys(t *testing.T) {
	for _, c := range []struct {
		caller translator.Caller
		want   bool
	}{
		{translator.Caller{}, false},
		{translator.Caller{AccessKeyID: "a"}, false},
		{translator.Caller{SecretAccessKey: "s"}, false},
		{translator.Caller{Region: "r"}, false},
		{translator.Caller{AccessKeyID: "a", SecretAccessKey: "s"}, true},
	} {
		if c.caller.HasKeys() != c.want {
			t.Errorf("%+v: %t", c.caller, !c.want)
		}
	}
}
