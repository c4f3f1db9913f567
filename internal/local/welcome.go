package local

import (
	"fmt"
	"strings"
)

// welcome describes the running processes and requests to try.
func (s *Settings) welcome() string {
	bedrock := fmt.Sprintf("a stand-in on 127.0.0.1:%d (--aws uses the real one, as does make run AWS=1)", s.Bedrock)
	if s.AWS {
		bedrock = "the real one, at your cost; the lines of \"aws\" say whose account, or what is missing"
	}
	text := `
Ready: http://localhost:PORT  (Envoy → bedrock-extproc → Amazon Bedrock)
  Bedrock is BEDROCK.
  Envoy admin: http://localhost:ENVOYADMIN   sidecar metrics: http://localhost:SIDECARADMIN/metrics

Try, in another terminal:

  bedrock-extproc chat --url http://localhost:PORT

  curl -X POST http://localhost:PORT/api/v1/llm/completions \
    -H "Content-Type: application/json" \
    -d '{"messages": [{"role": "user", "content": "What is 2+2?"}], "temperature": 0.7}'

  curl -N -X POST http://localhost:PORT/api/v1/llm/completions/stream \
    -H "Content-Type: application/json" \
    -d '{"messages": [{"role": "user", "content": "Explain quantum computing"}]}'

  curl -X POST http://localhost:PORT/api/v1/llm/completions \
    -H "Content-Type: application/json" \
    -d '{"messages": [{"role": "user", "content": "What is the weather in Seattle?"}],
         "tools": [{"name": "get_weather", "description": "Get current weather for a city",
                    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}],
         "tool_choice": "auto"}'

With OpenAI's API, for its SDKs and other clients (base URL http://localhost:PORT/v1, any key):

  curl http://localhost:PORT/v1/chat/completions \
    -H "Content-Type: application/json" \
    -d '{"messages": [{"role": "user", "content": "What is 2+2?"}]}'

The same for clients of OpenAI's Responses API, such as Codex:

  curl http://localhost:PORT/v1/responses \
    -H "Content-Type: application/json" \
    -d '{"input": "What is 2+2?", "store": false}'

With Anthropic's API, for its SDKs and other clients (base URL http://localhost:PORT, any key):

  curl http://localhost:PORT/v1/messages \
    -H "Content-Type: application/json" \
    -d '{"model": "us.anthropic.claude-sonnet-4-20250514-v1:0", "max_tokens": 1000,
         "messages": [{"role": "user", "content": "What is 2+2?"}]}'

With an AWS SDK, any keys:

  python3 -c 'import boto3; print(boto3.client("bedrock-runtime", "us-east-1", endpoint_url="http://localhost:PORT",
    aws_access_key_id="none", aws_secret_access_key="none").converse(modelId="us.amazon.nova-lite-v1:0",
    messages=[{"role": "user", "content": [{"text": "What is 2+2?"}]}])["output"])'

Ctrl-C stops everything. The access log and the processes' output follow.

`
	return strings.NewReplacer(
		"ENVOYADMIN", fmt.Sprint(s.EnvoyAdmin), "SIDECARADMIN", fmt.Sprint(s.Admin),
		"PORT", fmt.Sprint(s.Port), "BEDROCK.", bedrock+".",
	).Replace(text)
}
