package gateway

import (
	"net/http"
	"slices"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/anthropic"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/openai"
	"bedrock-extproc/translator/responses"
)

// chatPages are the chat dialect's lists of models and backends.
func (g *Gateway) chatPages() []extproc.PageRoute {
	return []extproc.PageRoute{
		{Pattern: chat.ModelsPath, Page: g.models},
		{Pattern: chat.ProvidersPath, Page: fixedPage(chat.ProvidersPage(g.backends.Default(), g.backends.Names()))},
		{Pattern: chat.StatusPath, Page: fixedPage(chat.StatusPage(g.Checks()))},
	}
}

// openaiPages are the lists of models of OpenAI's dialects, if one of them is served.
func (g *Gateway) openaiPages(dialects []translator.Dialect) []extproc.PageRoute {
	if !slices.ContainsFunc(dialects, func(d translator.Dialect) bool { return d.Name() == openai.Name || d.Name() == responses.Name }) {
		return nil
	}
	var pages []extproc.PageRoute
	for _, path := range openai.ModelsPaths() {
		pages = append(pages, extproc.PageRoute{Pattern: path, Page: g.openaiModels}, extproc.PageRoute{Pattern: path + "/{model}", Page: g.openaiModel})
	}
	return pages
}

func (g *Gateway) openaiModels(req extproc.PageRequest) (translator.Response, error) {
	names, err := g.callersModels(req)
	if err != nil {
		return translator.Response{}, err
	}
	return jsonPage(openai.ModelsPage(names)), nil
}

func (g *Gateway) openaiModel(req extproc.PageRequest) (translator.Response, error) {
	if err := g.checkModel(req); err != nil {
		return translator.Response{}, err
	}
	return jsonPage(openai.ModelPage(req.PathModel)), nil
}

// anthropicPages are the lists of models of Anthropic's dialect, if that is served.
func (g *Gateway) anthropicPages(dialects []translator.Dialect) []extproc.PageRoute {
	if !slices.ContainsFunc(dialects, func(d translator.Dialect) bool { return d.Name() == anthropic.Name }) {
		return nil
	}
	var pages []extproc.PageRoute
	for path, header := range anthropic.ModelsPaths() {
		pages = append(pages,
			extproc.PageRoute{Pattern: path, Header: header, Page: identified(g.anthropicModels)},
			extproc.PageRoute{Pattern: path + "/{model}", Header: header, Page: identified(g.anthropicModel)})
	}
	return pages
}

// identified adds the header in which Anthropic's SDKs find the id of a request.
func identified(page extproc.Page) extproc.Page {
	return func(req extproc.PageRequest) (translator.Response, error) {
		answer, err := page(req)
		answer.Headers = append(answer.Headers, translator.Header{Name: "request-id", Value: req.RequestID})
		return answer, err
	}
}

func (g *Gateway) anthropicModels(req extproc.PageRequest) (translator.Response, error) {
	names, err := g.callersModels(req)
	if err != nil {
		return translator.Response{}, err
	}
	return jsonPage(anthropic.ModelsPage(names)), nil
}

func (g *Gateway) anthropicModel(req extproc.PageRequest) (translator.Response, error) {
	if err := g.checkModel(req); err != nil {
		return translator.Response{}, err
	}
	return jsonPage(anthropic.ModelPage(req.PathModel)), nil
}

// callersModels lists the names of models that this caller can ask for: those of the
// backend that would answer, as far as the access rules allow them.
func (g *Gateway) callersModels(req extproc.PageRequest) ([]string, error) {
	backend, target, err := g.targetOf(g.Provider(req.Header), translator.Caller{}, req.Origin)
	if err != nil {
		return nil, err
	}
	return allowedNames(modelNames(backend), target.Allow), nil
}

// checkModel returns an error unless this caller can ask for the model in the path: by one of
// the names that are listed, or by one that matches a pattern.
func (g *Gateway) checkModel(req extproc.PageRequest) error {
	backend, target, err := g.targetOf(g.Provider(req.Header), translator.Caller{}, req.Origin)
	if err != nil {
		return err
	}
	alias, _ := backend.Models().Find(req.PathModel)
	if known := alias != "" || req.PathModel == backend.DefaultModel(); known && target.Allow(req.PathModel) == nil {
		return nil
	}
	return translator.ErrUnknownModel(target.Names())
}

func fixedPage(body []byte) extproc.Page {
	return func(extproc.PageRequest) (translator.Response, error) { return jsonPage(body), nil }
}

func jsonPage(body []byte) translator.Response {
	return translator.Response{Status: http.StatusOK, ContentType: "application/json", Body: body}
}

// models is the page of the models of the backend that the client asks for, or of all
// where it asks for none or may not choose.
func (g *Gateway) models(req extproc.PageRequest) (translator.Response, error) {
	asked := g.Provider(req.Header)
	if asked == "" {
		return jsonPage(chat.ModelsPage(modelNames(g.backends.All()...))), nil
	}
	if _, fixed := choose(req.Origin, asked); fixed {
		return jsonPage(chat.ModelsPage(modelNames(g.backends.All()...))), nil
	}
	backend, err := g.backends.Lookup(asked)
	if err != nil {
		return translator.Response{}, err
	}
	return jsonPage(chat.ModelsPage(modelNames(backend))), nil
}

// modelNames lists the names that clients may ask for: each backend's default model,
// and the aliases that are not listed already. Patterns are no names.
func modelNames(backends ...*bedrock.Backend) []string {
	var names []string
	for _, backend := range backends {
		names = append(names, backend.DefaultModel())
		for _, alias := range backend.Models().Names() {
			if !slices.Contains(names, alias) {
				names = append(names, alias)
			}
		}
	}
	return names
}

// allowedNames are the names that a caller may ask for.
func allowedNames(names []string, allow func(model string) error) []string {
	return slices.DeleteFunc(names, func(name string) bool { return name == "" || allow(name) != nil })
}

// Checks are the states of the backends, by the names that the agentic gateway gives
// them. All are "ok": a backend of the configuration in use works as far as one can
// know without calling AWS.
func (g *Gateway) Checks() map[string]string {
	checks := map[string]string{}
	for _, name := range g.backends.Names() {
		checks["llm/"+name] = "ok"
	}
	return checks
}
