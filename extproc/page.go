package extproc

import "bedrock-extproc/translator"

// A Page is a small answer that needs no model. It is called concurrently. An error is
// always a *translator.Error.
type Page func(PageRequest) (translator.Response, error)

// A PageRoute is where a Page answers GET and HEAD requests. Pattern and Header are
// as in translator.Route.
type PageRoute struct {
	Pattern, Header string
	Page            Page
}

// A PageRequest is the part of a request that a Page sees. It is valid until the Page
// returns.
type PageRequest struct {
	Method string
	// Path is the raw path, without the query.
	Path string
	// PathModel is the text that the pattern's hole matched, percent-decoded once.
	PathModel string
	Header    translator.HeaderFunc
	Origin    Origin
	RequestID string
}
