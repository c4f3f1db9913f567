package converse

import "bedrock-extproc/translator/rawjson"

// WebPage returns the page that a citation of an answer points to, as JSON strings, and
// false for a citation of something else. Clients need a title; Bedrock may leave it
// out, and then it is the page's domain, or its URL.
func WebPage(citation rawjson.Object) (url, title rawjson.Value, ok bool) {
	web := rawjson.Members(rawjson.Members(citation.Get("location")).Get("web"))
	url = web.Get("url")
	if rawjson.Kind(url) != '"' {
		return nil, nil, false
	}
	for _, title := range []rawjson.Value{citation.Get("title"), web.Get("domain")} {
		if rawjson.Kind(title) == '"' && len(title) > len(`""`) {
			return url, title, true
		}
	}
	return url, url, true
}
