// Package client speaks the APIs of the sidecar's listener as a client does: it sends a
// conversation and reads the streamed answer. The commands chat and bench use it. It
// shares no code with the translator, so it sees what other clients see.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
)

// The APIs, by the names that they have in the sidecar's configuration.
const (
	Gateway   = "gateway"
	OpenAI    = "openai"
	Anthropic = "anthropic"
	Bedrock   = "bedrock"
	Responses = "responses"
)

// APIs are all APIs, the default first.
func APIs() []string { return []string{Gateway, OpenAI, Responses, Anthropic, Bedrock} }

// Client calls one API. It is safe for concurrent use.
type Client struct {
	URL  string // of the listener, without a path
	API  string
	HTTP *http.Client
	// Header is added to each call. It may be nil.
	Header http.Header
	// Sign signs each call; nil leaves calls unsigned, as a listener expects them.
	Sign func(r *http.Request, body []byte) error
}

// Request is a conversation. "" and 0 are not sent.
type Request struct {
	Model     string
	System    string
	MaxTokens int
	Tools     []Tool
	// Messages are in the API's own form; see Client.Messages and Client.Assistant.
	Messages []json.RawMessage
}

// Tool is a tool that the model may call.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	InputSchema json.RawMessage `json:"input_schema,omitempty"`
}

// Input is what a user says in one turn: a text, or the results of the tools that the
// previous answer has called.
type Input struct {
	Text    string
	Results []Result
}

// Result is the result of a tool call.
type Result struct{ CallID, Text string }

// A dialect is an API's form of a conversation.
type dialect interface {
	// request is the path and the body of a streamed call.
	request(r *Request) (path string, body any)
	// messages are what a user says, as messages.
	messages(in Input) []any
	// assistant is an answer as messages, with all that a model wants back.
	assistant(a *Answer) []any
	// read adds an event of the stream to an answer.
	read(a *Answer, e event) error
}

func (c *Client) dialect() dialect {
	switch c.API {
	case OpenAI:
		return openAI{}
	case Anthropic:
		return anthropic{}
	case Bedrock:
		return bedrock{}
	case Responses:
		return responses{}
	default:
		return gateway{}
	}
}

// Messages are what a user says, for Request.Messages.
func (c *Client) Messages(in Input) ([]json.RawMessage, error) {
	return encodeAll(c.dialect().messages(in))
}

// Assistant is an answer, for Request.Messages.
func (c *Client) Assistant(a *Answer) ([]json.RawMessage, error) {
	return encodeAll(c.dialect().assistant(a))
}

func encodeAll(messages []any) ([]json.RawMessage, error) {
	var list []json.RawMessage
	for _, m := range messages {
		text, err := encode(m)
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

// Ask sends a conversation and reads the answer. It calls show with each piece as it
// arrives; show may be nil. An answer that failed after its start is returned beside the
// error. The error is an *Error if the server has told it, and wraps ErrCut if the
// stream ended too early.
func (c *Client) Ask(ctx context.Context, r *Request, show func(Piece)) (*Answer, error) {
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	if resp.StatusCode != http.StatusOK {
		return nil, readError(resp)
	}
	a := &Answer{Model: r.Model, RequestID: requestID(resp.Header), show: show}
	next := sseEvents(resp.Body)
	if c.API == Bedrock {
		next = frames(resp.Body)
	}
	err = a.readAll(c.dialect(), next)
	if told, ok := errors.AsType[*Error](err); ok {
		told.RequestID = a.RequestID
	}
	return a, err
}

func (c *Client) send(ctx context.Context, r *Request) (*http.Response, error) {
	path, value := c.dialect().request(r)
	body, err := encode(value)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, c.Header)
	req.Header.Set("Content-Type", "application/json")
	if host := c.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if c.Sign != nil {
		if err := c.Sign(req, body); err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
	}
	return c.HTTP.Do(req)
}

// encode writes JSON without escapes for HTML.
func encode(value any) ([]byte, error) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return body.Bytes(), err
}

// ErrCut is an answer that ended before its end.
var ErrCut = errors.New("the stream ended before the end of the answer")

// readAll reads events until the end of the stream.
func (a *Answer) readAll(d dialect, next func() (event, error)) error {
	for {
		e, err := next()
		switch {
		case errors.Is(err, io.EOF) && a.complete:
			return nil
		case errors.Is(err, io.EOF):
			return ErrCut
		case err != nil:
			return fmt.Errorf("%w: %w", ErrCut, err)
		}
		if err := d.read(a, e); err != nil {
			return err
		}
	}
}
