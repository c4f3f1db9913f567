package main

import (
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/fakebedrock"
)

// startLiteLLM starts LiteLLM's proxy, one process in Python. It knows each model of the
// canned Bedrock by the model's id.
func (s *stack) startLiteLLM(program string) (*path, error) {
	bedrock, err := s.bedrockURL()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, "litellm.yaml")
	if err := os.WriteFile(file, []byte(liteLLMModels(bedrock)), 0o600); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	env := []string{"LITELLM_LOCAL_MODEL_COST_MAP=True", "NO_PROXY=127.0.0.1"} // no download
	p, err := s.start("litellm", address, env, program, "--config", file, "--host", host, "--port", port)
	if err != nil {
		return nil, err
	}
	return &path{url: "http://" + address, behind: p, calls: true}, nil
}

// liteLLMModels is a configuration with the models that the figures ask for.
func liteLLMModels(bedrock string) string {
	var b strings.Builder
	b.WriteString("model_list:\n")
	for _, shape := range []canned.Shape{{}, {Events: 500}} {
		model := canned.Model(shape)
		fmt.Fprintf(&b, "- {model_name: %q, litellm_params: {model: %q, aws_bedrock_runtime_endpoint: %q, aws_region_name: us-east-1, aws_access_key_id: %s, aws_secret_access_key: %s}}\n",
			model, "bedrock/converse/"+model, bedrock, fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey)
	}
	return b.String()
}

// startPortkey starts Portkey's gateway, one process in Node. program is its script. Each
// call says where Bedrock is, and has the keys.
func (s *stack) startPortkey(program string) (*path, error) {
	bedrock, err := s.bedrockURL()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	p, err := s.start("portkey", address, []string{"NODE_ENV=production"}, "node", program, "--headless", "--port="+port)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set("X-Portkey-Provider", "bedrock")
	header.Set("X-Portkey-Custom-Host", bedrock)
	header.Set("X-Portkey-Aws-Region", "us-east-1")
	header.Set("X-Portkey-Aws-Access-Key-Id", fakebedrock.DemoAccessKeyID)
	header.Set("X-Portkey-Aws-Secret-Access-Key", fakebedrock.DemoSecretAccessKey)
	return &path{url: "http://" + address, behind: p, calls: true, header: header}, nil
}

//go:embed peers/aigateway/extproc.yaml
var aiGatewayConfig []byte

//go:embed peers/aigateway/envoy.yaml
var aiGatewayEnvoy string

// startAIGateway starts Envoy AI Gateway's external processor behind an Envoy, without the
// control plane that writes their configurations.
func (s *stack) startAIGateway(program string) (*path, error) {
	bedrock, err := s.bedrockURL()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, "aigateway.yaml")
	if err := os.WriteFile(file, aiGatewayConfig, 0o600); err != nil {
		return nil, err
	}
	socket := s.socket("aigateway")
	behind, err := s.start("aigateway", socket, awsEnvironment(bedrock), program,
		"-configPath", file, "-extProcAddr", socket, "-adminPort", "0")
	if err != nil {
		return nil, err
	}
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config, err := aiGatewayEnvoyConfig(listen, bedrock, socket)
	if err != nil {
		return nil, err
	}
	proxy, err := s.startEnvoy("aigateway", listen, config)
	if err != nil {
		return nil, err
	}
	return &path{url: "http://" + listen, envoy: proxy, behind: behind, calls: true}, nil
}

func aiGatewayEnvoyConfig(listen, bedrock, socket string) ([]byte, error) {
	_, listenPort, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	_, bedrockPort, err := net.SplitHostPort(strings.TrimPrefix(bedrock, "http://"))
	if err != nil {
		return nil, err
	}
	values := map[string]string{"LISTEN_PORT": listenPort, "BEDROCK_PORT": bedrockPort, "SOCKET": strings.TrimPrefix(socket, "unix://")}
	return []byte(os.Expand(aiGatewayEnvoy, func(name string) string { return values[name] })), nil
}
