package doctor

import (
	"testing"

	"bedrock-extproc/internal/gateway"
)

// The sidecar reads the keys that the doctor knows.
func TestSettingKeys(t *testing.T) {
	if backendKey != gateway.MetadataBackend || clientChoiceKey != gateway.MetadataClientChoice {
		t.Errorf("the doctor knows %q and %q, the sidecar reads %q and %q", backendKey, clientChoiceKey, gateway.MetadataBackend, gateway.MetadataClientChoice)
	}
}
