package chat

import (
	"net/http"
	"strconv"
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

const contentTypeJSON = "application/json"

// EncodeError implements translator.Dialect: {"detail", "error"}, or a stream of one
// event. A malformed request's detail is the list that FastAPI's clients know.
func (d *Dialect) EncodeError(e *translator.Error) translator.Response {
	if e.Streaming && d.cfg.EarlyErrors == EarlyEvent {
		return translator.Response{Status: http.StatusOK, ContentType: contentTypeStream, Body: appendErrorEvent(nil, e)}
	}
	w := rawjson.NewWriter(512)
	if e.Kind == translator.KindMalformed {
		w.Member("detail", malformedDetail(e))
	} else {
		w.Text("detail", e.Message)
	}
	w.Member("error", converse.EncodeErrorFacts(e, e.Status))
	return translator.Response{Status: e.Status, ContentType: contentTypeJSON, Body: w.End()}
}

func malformedDetail(e *translator.Error) rawjson.Value {
	w := rawjson.NewWriter(256)
	w.Member("loc", location(e.Path))
	w.Text("msg", e.Message)
	w.Text("type", string(e.Kind))
	return rawjson.Array([]rawjson.Value{w.End()})
}

// location turns "messages[0].content" into ["body","messages",0,"content"].
func location(path string) rawjson.Value {
	loc := []rawjson.Value{rawjson.Quote("body")}
	for _, token := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if _, err := strconv.ParseUint(token, 10, 32); err == nil {
			loc = append(loc, rawjson.Value(token))
			continue
		}
		loc = append(loc, rawjson.Quote(token))
	}
	return rawjson.Array(loc)
}
