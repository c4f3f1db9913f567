package gateway

import (
	"net/http"
	"strings"
	"testing"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/chat"
)

const twoBackends = `
providers:
  llm:
    default: us
    backends:
      us:
        backend: a.BedrockConverseProvider
        config: {default_model: us.m, models: {fast: us.x}}
      eu:
        backend: a.BedrockConverseProvider
        config: {default_model: eu.m, region: eu-west-1}
`

// headers have names and values in turn.
func headers(pairs ...string) translator.HeaderFunc {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestProvider(t *testing.T) {
	g := parse(t, twoBackends)
	for name, c := range map[string]struct {
		header translator.HeaderFunc
		want   string
	}{
		"no headers":                 {nil, ""},
		"for models":                 {headers("x-provider-llm", "eu"), "eu"},
		"for models, unknown":        {headers("x-provider-llm", "agentcore"), "agentcore"},
		"for all":                    {headers("x-provider", "eu"), "eu"},
		"for all, another primitive": {headers("x-provider", "agentcore"), ""},
		"both":                       {headers("x-provider", "eu", "x-provider-llm", "us"), "us"},
		"both, one unknown":          {headers("x-provider", "agentcore", "x-provider-llm", "eu"), "eu"},
		"both, the other unknown":    {headers("x-provider", "eu", "x-provider-llm", "agentcore"), "agentcore"},
		"another primitive":          {headers("x-provider-memory", "eu"), ""},
	} {
		if got := g.Provider(c.header); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPages(t *testing.T) {
	g := parse(t, twoBackends)
	model := func(name string) string {
		return `{"name":"` + name + `","provider":"bedrock","capabilities":["chat","tool_use"]}`
	}
	list := func(names ...string) string {
		for i := range names {
			names[i] = model(names[i])
		}
		return `{"models":[` + strings.Join(names, ",") + `]}`
	}
	const unknown = "unknown_backend: Unknown llm provider 'x'. Available: us, eu"
	for name, c := range map[string]struct {
		path   string
		header translator.HeaderFunc
		said   said
		want   string
	}{
		"all models":           {chat.ModelsPath, nil, nil, list("us.m", "fast", "eu.m")},
		"of one backend":       {chat.ModelsPath, headers("x-provider-llm", "eu"), nil, list("eu.m")},
		"with its aliases":     {chat.ModelsPath, headers("x-provider-llm", "us"), nil, list("us.m", "fast")},
		"of one for all":       {chat.ModelsPath, headers("x-provider", "eu"), nil, list("eu.m")},
		"of an unknown one":    {chat.ModelsPath, headers("x-provider-llm", "x"), nil, unknown},
		"of another primitive": {chat.ModelsPath, headers("x-provider", "x"), nil, list("us.m", "fast", "eu.m")},
		"without a choice":     {chat.ModelsPath, headers("x-provider-llm", "x"), said{MetadataClientChoice: {"ignore"}}, list("us.m", "fast", "eu.m")},
		"providers":            {chat.ProvidersPath, nil, nil, `{"llm":{"default":"us","available":["us","eu"]}}`},
		"their states":         {chat.StatusPath, nil, nil, `{"checks":{"llm/eu":"ok","llm/us":"ok"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pageText(t, g, c.path, c.header, c.said); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// pageText is the body of a page, or its error.
func pageText(t *testing.T, g *Gateway, path string, header translator.HeaderFunc, origin said) string {
	t.Helper()
	endpoint, err := g.Find(http.MethodGet, path, header)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := endpoint.Page(extproc.PageRequest{PathModel: endpoint.PathModel, Header: header, Origin: origin})
	if err != nil {
		return err.Error()
	}
	return string(answer.Body)
}

// TestOpenAIModels: each caller sees the models of the backend that would answer it, as
// far as it may use them.
func TestOpenAIModels(t *testing.T) {
	g := parse(t, twoBackends+`
bedrock_extproc:
  identity: {user: {grpc_metadata: user, default: guest}}
  access:
  - {match: {user: ann}, models: [fast]}
  - {match: {user: bob}, backend: eu}
  - {match: {user: guest}}
`)
	model := func(id string) string { return `{"id":"` + id + `","object":"model","created":0,"owned_by":"bedrock"}` }
	list := func(models ...string) string { return `{"object":"list","data":[` + strings.Join(models, ",") + `]}` }
	const unlisted = "bedrock_not_found: This model is not listed."
	for name, c := range map[string]struct {
		path   string
		header translator.HeaderFunc
		said   said
		want   string
	}{
		"the default backend":         {"/v1/models", nil, nil, list(model("us.m"), model("fast"))},
		"with Bedrock's prefix":       {"/openai/v1/models", nil, nil, list(model("us.m"), model("fast"))},
		"of a backend":                {"/v1/models", headers("x-provider-llm", "eu"), nil, list(model("eu.m"))},
		"of an unknown backend":       {"/v1/models", headers("x-provider-llm", "x"), nil, "unknown_backend: Unknown llm provider 'x'. Available: us, eu"},
		"that the caller may use":     {"/v1/models", nil, said{"user": {"ann"}}, list(model("fast"))},
		"of the caller's backend":     {"/v1/models", nil, said{"user": {"bob"}}, list(model("eu.m"))},
		"for nobody":                  {"/v1/models", nil, said{"user": {"eve"}}, "not_permitted: No access rule matches the identity of this caller."},
		"one":                         {"/v1/models/fast", nil, nil, model("fast")},
		"one, escaped":                {"/v1/models/us%2Em", nil, nil, model("us.m")},
		"one that is not listed":      {"/v1/models/gpt-4o", nil, nil, unlisted},
		"one that the caller may not": {"/v1/models/us.m", nil, said{"user": {"ann"}}, unlisted},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pageText(t, g, c.path, c.header, c.said); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Without the API its pages are unknown paths.
func TestOpenAIModelsNotServed(t *testing.T) {
	g := parse(t, "bedrock_extproc: {apis: [gateway]}")
	if _, err := g.Find(http.MethodGet, "/v1/models", nil); err == nil {
		t.Error("/v1/models is served")
	}
}
