package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/bench/kernel"
	"bedrock-extproc/tests/fakebedrock"
)

// liteLLM is the side of LiteLLM's proxy, one process in Python. It needs no Envoy, so it is
// compared with the sidecar and its Envoy.
const liteLLM = "LiteLLM"

// peers compare what else can stand between an OpenAI client and Bedrock.
func peers() []figure {
	return []figure{
		peerCosts("peers", "whole calls of OpenAI's API, four at a time", load{Conns: 4, Calls: 60}),
		peerCosts("peers-sse", "streams of 500 events of OpenAI's API, four at a time", load{Shape: canned.Shape{Events: 500}, Conns: 4, Calls: 12}),
	}
}

func peerCosts(name, title string, l load) figure {
	return figure{
		name: name, rounds: 7, title: title,
		sides: func(s *stack) (list []side, err error) {
			through, err := s.sidecar(s.versions[0])
			if err != nil {
				return nil, err
			}
			peer, err := s.peer()
			if err != nil {
				return nil, err
			}
			for _, p := range []*path{through, peer} {
				r := openai(l.Shape)
				if _, err := s.record(p, &r); err != nil {
					return nil, err
				}
				list = append(list, withMemory(s.calls(p.behind.name, p, r, l), p))
			}
			return list, nil
		},
		rows: []row{
			{label: "CPU per call, of all processes", value: stackPerCall, unit: "µs", of: newer, to: liteLLM},
			{label: "time to the first byte, p50", value: median, unit: "ms", of: newer, to: liteLLM},
			{label: "resident memory, of all processes", value: residentBytes, unit: "MB", of: newer, to: liteLLM},
		},
	}
}

// withMemory adds the memory of a path's processes after each round.
func withMemory(one side, p *path) side {
	return side{one.name, func() (sample, error) {
		got, err := one.round()
		if err != nil {
			return nil, err
		}
		for _, process := range p.processes() {
			now, _, err := kernel.Memory(process.pid())
			if err != nil {
				return nil, err
			}
			got[residentBytes] += float64(now) / 1e6
		}
		return got, nil
	}}
}

var errNoPeer = errors.New("name LiteLLM's program with -litellm")

// peer starts LiteLLM's proxy. It knows each model of the canned Bedrock by the model's id.
func (s *stack) peer() (*path, error) {
	return s.once(liteLLM, func() (*path, error) {
		if s.liteLLM == "" {
			return nil, errNoPeer
		}
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
		p, err := s.start(liteLLM, address, env, s.liteLLM, "--config", file, "--host", host, "--port", port)
		if err != nil {
			return nil, err
		}
		return &path{url: "http://" + address, behind: p, calls: true}, nil
	})
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
