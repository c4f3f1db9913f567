package translator_test

import (
	"testing"

	"bedrock-extproc/translator"
)

func TestSecretHeader(t *testing.T) {
	for name, want := range map[string]bool{
		"authorization": true, "proxy-authorization": true, "cookie": true, "x-api-key": true, "api-key": true,
		"x-amz-security-token": true, "x-aws-region": true, "x-aws-access-key-id": true, "x-my-password": true,
		"x-client-secret": true, "x-credentials": true, ":path": true,
		"user-agent": false, "anthropic-version": false, "x-amzn-bedrock-trace": false, "x-session-id": false, "": false,
	} {
		if got := translator.SecretHeader(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestNoHeaders(t *testing.T) {
	if got := translator.HeaderFunc(nil).Get("user-agent"); got != "" {
		t.Errorf("the nil func has %q", got)
	}
}
