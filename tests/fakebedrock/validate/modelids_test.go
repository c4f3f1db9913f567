package validate

import (
	"strings"
	"testing"
)

func TestModelIDs(t *testing.T) {
	const account = "arn:aws:bedrock:us-east-1:123456789012:"
	for _, id := range []string{
		"us.amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0:300k", "global.anthropic.claude-sonnet-4-6", "us.anthropic.claude-opus-4-6-v1",
		"us.anthropic.claude-opus-4-7", "jp.anthropic.claude-haiku-4-5-20251001-v1:0", "apac.anthropic.claude-3-sonnet-20240229-v1:0",
		"anthropic.claude-3-haiku-20240307-v1:0:200k", "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.titan-text-express-v1",
		"meta.llama3-2-1b-instruct-v1:0", "meta.llama3-2-3b-instruct-v1:0", "meta.llama3-1-8b-instruct-v1:0", "openai.gpt-oss-120b-1:0",
		"openai.gpt-5.6-luna", "moonshot.kimi-k2-thinking", "qwen.qwen3-vl-235b-a22b", "deepseek.v3-v1:0", "mistral.ministral-3-8b-instruct",
		"nvidia.nemotron-nano-12b-v2", "minimax.minimax-m2", "google.gemma-3-27b-it", "zai.glm-4.7", "cohere.command-r-v1:0", "ai21.jamba-1-5-large-v1:0",
		"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
		"arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0",
		account + "inference-profile/us.amazon.nova-lite-v1:0", account + "application-inference-profile/a1b2c3d4e5f6",
		account + "provisioned-model/a1b2c3d4e5f6", account + "custom-model-deployment/a1b2c3d4e5f6", account + "imported-model/a1b2c3d4e5f6",
		account + "custom-model/amazon.nova-lite-v1/a1b2c3d4e5f6", account + "prompt/ABCDEFGHIJ", account + "prompt/ABCDEFGHIJ:12",
		account + "default-prompt-router/anthropic.claude:1", account + "prompt-router/a1b2c3d4e5f6",
		"arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint",
	} {
		if err := Request(id, []byte(messages(hello)), Options{}); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, id := range []string{
		"us.amazon.nova-micro-v1:O", "us.amazon.nova-micro-v1", "us.amazon.nova-mirco-v1:0", "amazon.nova-ultra-v1:0", "nova-lite", "gpt-4o",
		"us.anthropic.claude-sonnet-4-20250514-v1", "us.anthropic.claude-sonnet-4-20250515-v1:0", "claude-sonnet-4-6", "us.anthropic.claude-opus-4-7-v1:O",
		"uk.amazon.nova-lite-v1:0", "us.us.amazon.nova-lite-v1:0", "us.amazon.titan-text-express-v1", "US.amazon.nova-lite-v1:0",
		"anthropic.claude-x", "openai.gpt-4o", "amazon.", "us.", "bedrock/us.amazon.nova-lite-v1:0",
		"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-ultra-v1:0",
		"arn:aws:bedrock:us-east-1::foundation-model/us.amazon.nova-lite-v1:0", account + "inference-profile/us.amazon.nova-lite-v1:O",
	} {
		err := Request(id, []byte(messages(hello)), Options{})
		pattern := strings.Contains(id, "/us") && !strings.HasPrefix(id, account)
		switch {
		case err == nil:
			t.Errorf("%s: accepted", id)
		case pattern && err.Rule == "modelId", err.Message == noModel:
		default:
			t.Errorf("%s: %v", id, err)
		}
	}
}

// The form is checked before the name.
func TestModelIDForm(t *testing.T) {
	for _, id := range []string{" us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0\n", "a b", "ü", "arn:aws:bedrock:us-east-1:1:inference-profile/x", strings.Repeat("a", 2049)} {
		err := Request(id, []byte(messages(hello)), Options{})
		if err == nil || err.Rule != "modelId" || !strings.HasPrefix(err.Message, "1 validation error detected: Value '"+id+"' at 'modelId' failed to satisfy constraint: Member must ") {
			t.Errorf("%q: %v", id, err)
		}
	}
}
