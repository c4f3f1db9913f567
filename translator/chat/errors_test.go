package chat

import (
	"strings"
	"testing"

	"bedrock-extproc/translator"
)

// The class of a failed step is a member of the error, and absent without one.
func TestErrorClass(t *testing.T) {
	with := string(new(Dialect).EncodeError(&translator.Error{Status: 503, Kind: translator.KindConnection, Class: "dns", Message: "m"}).Body)
	without := string(new(Dialect).EncodeError(&translator.Error{Status: 429, Kind: translator.KindThrottled, Message: "m"}).Body)
	if !strings.Contains(with, `"class":"dns"`) || strings.Contains(without, "class") {
		t.Error(with, without)
	}
}
