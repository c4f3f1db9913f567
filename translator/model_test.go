package translator

import (
	"strings"
	"testing"
)

func TestValidModelID(t *testing.T) {
	for _, id := range []string{
		"us.anthropic.claude-sonnet-4-20250514-v1:0", "my_model-1", "m", "m#at=3&text=a%20b", strings.Repeat("m", 2048),
		"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
		"arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:application-inference-profile/abc123",
		"arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1",
		"arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint",
		"arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova/abcdefghijkl",
	} {
		if !ValidModelID(id) {
			t.Errorf("%.100q is not taken", id)
		}
	}
	for _, id := range []string{
		"", ".", "..", "...", "../m", "m/..", "a/b", "/", "m/", "arn:aws:bedrock:::x/../y", "arn:x//y", "arn:x/", "arn:x/.",
		"a b", "a\n", "a\x00", "a\tb", "%2e%2e", "a%2Fb", "a?b", "#", "..#a=b", "m#../x", "m#a/b", "m#a?b", "m#\n", "m# ", "m#é", `a\b`, "a;b", "a@b", "é", "a\xff", "\u202ea", "a\r\nx: y",
		strings.Repeat("m", 2049), strings.Repeat("m", 20<<20),
	} {
		if ValidModelID(id) {
			t.Errorf("%.100q is taken", id)
		}
	}
}
