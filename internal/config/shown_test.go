package config

import "testing"

// What operators see has the names of variables, and no secret.
func TestShown(t *testing.T) {
	t.Setenv("PASSWORD", "hunter2")
	text := `
credentials: {password: hunter2}
providers:
  memory: {token: hunter2}
  llm:
    backend: a.BedrockConverseProvider
    config:
      region: ${REGION:-hunter2}
      endpoint_url: https://user:hunter2@proxy.example/x
      external_id: hunter2
      role_arn: "arn:aws:iam::1:role/$PASSWORD"
      max_calls: 10
bedrock_extproc: {apis: [gateway], require_identity: True, prices: {models: {m: {input: 0.003}}}, identity: }
`
	const want = `{"bedrock_extproc":{"apis":["gateway"],"identity":null,"prices":{"models":{"m":{"input":"0.003"}}},"require_identity":true},` +
		`"providers":{"llm":{"backend":"a.BedrockConverseProvider","config":{"endpoint_url":"https://[redacted]@proxy.example/x","external_id":"[redacted]",` +
		`"max_calls":"10","region":"${REGION}","role_arn":"arn:aws:iam::1:role/${PASSWORD}"}}}}`
	if got := string(shown("f", []byte(text))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, text := range []string{"", "- a", "a: [", "x: {${Y}: 1"} {
		if got := string(shown("f", []byte(text))); got != "" && got != "{}" {
			t.Errorf("%q is shown as %s", text, got)
		}
	}
}
