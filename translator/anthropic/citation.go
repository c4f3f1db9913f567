package anthropic

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// A location is one kind of place that a citation points to, in both APIs.
type location struct {
	kind         string // Anthropic's type
	member       string // Converse's member of location
	number       string // Anthropic's index of the document or the search result
	in           string // Converse's name of that index
	title        string // Anthropic's name of the title
	first, after string // Anthropic's names of start and end
}

var locations = []location{
	{"char_location", "documentChar", "document_index", "documentIndex", "document_title", "start_char_index", "end_char_index"},
	{"page_location", "documentPage", "document_index", "documentIndex", "document_title", "start_page_number", "end_page_number"},
	{"content_block_location", "documentChunk", "document_index", "documentIndex", "document_title", "start_block_index", "end_block_index"},
	{"search_result_location", "searchResultLocation", "search_result_index", "searchResultIndex", "title", "start_block_index", "end_block_index"},
}

const webLocation = "web_search_result_location"

// encodeCitation returns Anthropic's form of a citation, nil if it has none.
func encodeCitation(v rawjson.Value) rawjson.Value {
	citation := rawjson.Members(v)
	place := rawjson.Members(citation.Get("location"))
	w := rawjson.NewWriter(len(v) + 128)
	if url, title, ok := converse.WebPage(citation); ok {
		w.Text("type", webLocation)
		w.Member("cited_text", citedText(citation))
		w.Text("encrypted_index", "")
		w.Member("title", title)
		w.Member("url", url)
		return w.End()
	}
	for _, l := range locations {
		at := place.Get(l.member)
		if rawjson.Kind(at) != '{' {
			continue
		}
		span := rawjson.Members(at)
		w.Text("type", l.kind)
		w.Member("cited_text", citedText(citation))
		w.Member(l.number, orZero(span.Get(l.in)))
		w.Member(l.title, rawjson.OrNull(citation.Get("title")))
		w.Member(l.first, orZero(span.Get("start")))
		w.Member(l.after, orZero(span.Get("end")))
		if l.title == "title" {
			w.Member("source", orEmpty(citation.Get("source")))
		} else {
			w.Member("file_id", []byte("null"))
		}
		return w.End()
	}
	return nil
}

// citedText joins the texts that a citation quotes.
func citedText(citation rawjson.Object) rawjson.Value {
	text := rawjson.Value(`"`)
	for _, v := range rawjson.Elements(citation.Get("sourceContent")) {
		if t := rawjson.Members(v).Get("text"); rawjson.Kind(t) == '"' {
			text = append(text, t[1:len(t)-1]...)
		}
	}
	return append(text, '"')
}

func orZero(v rawjson.Value) rawjson.Value {
	if rawjson.Kind(v) != '0' {
		return rawjson.Value("0")
	}
	return v
}

func orEmpty(v rawjson.Value) rawjson.Value {
	if rawjson.Kind(v) != '"' {
		return rawjson.Value(`""`)
	}
	return v
}

// readCitation returns Converse's form of a citation, nil for an unknown one.
func readCitation(v rawjson.Value) rawjson.Value {
	if rawjson.Kind(v) != '{' {
		return nil
	}
	citation := rawjson.Members(v)
	place, title := readLocation(citation)
	if place == nil {
		return nil
	}
	w := rawjson.NewWriter(len(v) + 128)
	w.Member("location", place)
	if source := citation.Get("source"); rawjson.Kind(source) == '"' {
		w.Member("source", source)
	}
	if text := citation.Get("cited_text"); rawjson.Kind(text) == '"' {
		w.Member("sourceContent", rawjson.Array([]rawjson.Value{rawjson.Wrap("text", text)}))
	}
	if t := citation.Get(title); rawjson.Kind(t) == '"' {
		w.Member("title", t)
	}
	return w.End()
}

// readLocation returns Converse's location, and the name of Anthropic's title.
func readLocation(citation rawjson.Object) (place rawjson.Value, title string) {
	kind := citation.Get("type")
	if url := citation.Get("url"); rawjson.IsText(kind, webLocation) && rawjson.Kind(url) == '"' {
		return rawjson.Wrap("web", rawjson.Wrap("url", url)), "title"
	}
	for _, l := range locations {
		if rawjson.IsText(kind, l.kind) {
			span := rawjson.Object{
				{Name: l.in, Value: orZero(citation.Get(l.number))},
				{Name: "end", Value: orZero(citation.Get(l.after))},
				{Name: "start", Value: orZero(citation.Get(l.first))},
			}
			return rawjson.Wrap(l.member, span.Value()), l.title
		}
	}
	return nil, ""
}
