package telemetry

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/extproc"
)

// maxOpen bounds the open calls that /debug/calls lists.
const maxOpen = 1000

// A callsPage is the body of /debug/calls. Calls have the members of the log's lines.
type callsPage struct {
	// OpenTotal counts the model calls in flight. Open lists those that began first.
	OpenTotal int               `json:"open_total"`
	Open      []json.RawMessage `json:"open"`
	// Recent lists the latest model calls and failed requests that are over, the latest
	// first.
	Recent []json.RawMessage `json:"recent"`
}

// CallsPage returns the handler of /debug/calls, which lists open and recent calls as
// JSON, without content. open returns the calls in flight that began first.
func (r *Recorder) CallsPage(open func(limit int) (calls []extproc.OpenCall, all int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		page := callsPage{Open: []json.RawMessage{}, Recent: []json.RawMessage{}}
		calls, all := open(maxOpen)
		page.OpenTotal = all
		now := time.Now()
		for i := range calls {
			page.Open = append(page.Open, openCall(req.Context(), &calls[i], now))
		}
		latest := r.recent.latest()
		for i := range latest {
			page.Recent = append(page.Recent, recentCall(&latest[i]))
		}
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", " ")
		_ = encoder.Encode(page) // a reader that has left needs no answer
	})
}

func openCall(ctx context.Context, c *extproc.OpenCall, now time.Time) json.RawMessage {
	o := newRecord(ctx, c.Outcome)
	o.Duration = now.Sub(o.Facts.Start)
	return callJSON(o, zap.Time("start", o.Facts.Start), zap.String("phase", string(c.Phase)))
}

func recentCall(o *record) json.RawMessage {
	return callJSON(o, zap.Time("start", o.Facts.Start))
}

// callJSON encodes a call like a line of the log, after the given members.
func callJSON(o *record, before ...zap.Field) json.RawMessage {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: encodeDuration, SkipLineEnding: true,
	})
	line, err := encoder.EncodeEntry(zapcore.Entry{}, appendFields(before, o))
	if err != nil {
		return json.RawMessage("{}") // texts and numbers can be encoded
	}
	return line.Bytes()
}
