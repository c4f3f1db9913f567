package main

import (
	"fmt"
	"net/url"

	"bedrock-extproc/tests/bench/canned"
)

// api makes a request for an answer, whole or streamed.
type api struct {
	name    string
	request func(s canned.Shape) request
}

var apis = []api{{"chat", chat}, {"openai", openai}, {"responses", responses}, {"anthropic", anthropic}, {"native", native}}

const question = "Explain quantum computing"

// chat is a call of the gateway's own API.
func chat(s canned.Shape) request {
	path := "/api/v1/llm/completions"
	if s.Events > 0 {
		path += "/stream"
	}
	return request{shape: s, path: path, body: fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}]}`, canned.Model(s), question)}
}

func openai(s canned.Shape) request {
	return request{
		shape: s, path: "/v1/chat/completions",
		body: fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":%q}]}`, canned.Model(s), s.Events > 0, question),
	}
}

func responses(s canned.Shape) request {
	return request{
		shape: s, path: "/v1/responses",
		body: fmt.Sprintf(`{"model":%q,"stream":%t,"store":false,"input":%q}`, canned.Model(s), s.Events > 0, question),
	}
}

func anthropic(s canned.Shape) request {
	return request{
		shape: s, path: "/v1/messages",
		body: fmt.Sprintf(`{"model":%q,"stream":%t,"max_tokens":1000,"messages":[{"role":"user","content":%q}]}`, canned.Model(s), s.Events > 0, question),
	}
}

func native(s canned.Shape) request {
	path := "/model/" + url.PathEscape(canned.Model(s)) + "/converse"
	if s.Events > 0 {
		path += "-stream"
	}
	return request{shape: s, path: path, body: fmt.Sprintf(`{"messages":[{"role":"user","content":[{"text":%q}]}]}`, question)}
}

// apiCosts compares the APIs, in whole calls or in streams.
func apiCosts(name, title string, l load, value, label string) figure {
	f := figure{name: name, title: title, rounds: 7, sides: func(s *stack) ([]side, error) { return s.everyAPI(l) }}
	for _, a := range apis {
		f.rows = append(f.rows, row{label: label, value: value, unit: "µs", of: a.name, to: sdk})
	}
	for _, a := range apis {
		f.rows = append(f.rows, row{label: "CPU per call, with Envoy", value: stackPerCall, unit: "µs", of: a.name})
	}
	return f
}

func (s *stack) everyAPI(l load) (list []side, err error) {
	for _, v := range s.versions {
		p, err := s.sidecar(v)
		if err != nil {
			return nil, err
		}
		for _, a := range apis {
			r := a.request(l.Shape)
			if _, err := s.record(p, &r); err != nil {
				return nil, err
			}
			list = append(list, s.calls(a.name+v.suffix, p, r, l))
		}
	}
	program, err := s.sdkCalls(l)
	return append(list, program), err
}
