// Package console is the conversation of the command chat: of a person at a terminal,
// or of a script that asks once.
package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bedrock-extproc/internal/client"
)

// Conversation is a conversation with a model. It is not safe for concurrent use.
type Conversation struct {
	Client *client.Client
	// Request is sent in each turn, with the messages so far.
	Request client.Request
}

// ask sends what the user says, and adds both turns to the conversation. A turn that
// failed is not part of it.
func (c *Conversation) ask(ctx context.Context, in client.Input, show func(client.Piece)) (*client.Answer, error) {
	said, err := c.Client.Messages(in)
	if err != nil {
		return nil, err
	}
	r := c.Request
	r.Messages = append(slices.Clip(r.Messages), said...)
	answer, err := c.Client.Ask(ctx, &r, show)
	if err != nil {
		return answer, err
	}
	answered, err := c.Client.Assistant(answer)
	if err != nil {
		return answer, err
	}
	c.Request.Messages = append(r.Messages, answered...) //nolint:gocritic // r.Messages is longer by what was said
	return answer, nil
}

// result is what -o json prints.
type result struct {
	Model      string        `json:"model"`
	Content    string        `json:"content"`
	Reasoning  string        `json:"reasoning,omitempty"`
	ToolCalls  []client.Call `json:"tool_calls,omitempty"`
	StopReason string        `json:"stop_reason"`
	Usage      client.Usage  `json:"usage"`
	Cost       string        `json:"cost,omitempty"`
	RequestID  string        `json:"request_id,omitempty"`
}

// Once asks once, for a script. The text of the answer goes to out as it arrives, and
// nothing else does; tool calls and a cut answer are told on notes. If out is a terminal,
// control characters are left out.
func (c *Conversation) Once(ctx context.Context, prompt string, out, notes io.Writer, isTerminal bool) error {
	lines := lineEnd{out: out}
	answer, err := c.ask(ctx, client.Input{Text: prompt}, func(p client.Piece) {
		switch {
		case p.Kind == client.Text && isTerminal:
			fmt.Fprint(&lines, visible(p.Text))
		case p.Kind == client.Text:
			fmt.Fprint(&lines, p.Text)
		}
	})
	lines.end()
	if err != nil {
		return err
	}
	for _, call := range answer.Calls() {
		fmt.Fprintf(notes, "tool call: %s %s\n", call.Name, call.Input)
	}
	if text := cut(answer.StopReason); text != "" {
		fmt.Fprintln(notes, text)
	}
	return nil
}

// OnceJSON asks once and prints the whole answer as JSON.
func (c *Conversation) OnceJSON(ctx context.Context, prompt string, out io.Writer) error {
	a, err := c.ask(ctx, client.Input{Text: prompt}, nil)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(result{a.Model, a.Text(), a.Reasoning(), a.Calls(), a.StopReason, a.Usage, a.Cost, a.RequestID})
}

// cut says that an answer is not whole; "" if it is.
func cut(stopReason string) string {
	switch stopReason {
	case "max_tokens", "length", "max_output_tokens", "model_context_window_exceeded":
		return "The answer was cut off: " + stopReason + "."
	case "guardrail_intervened", "content_filtered", "content_filter", "refusal":
		return "The answer was withheld: " + stopReason + "."
	}
	return ""
}

// lineEnd ends the last line of what is written.
type lineEnd struct {
	out  io.Writer
	open bool
}

func (l *lineEnd) Write(p []byte) (int, error) {
	if len(p) > 0 {
		l.open = !bytes.HasSuffix(p, []byte("\n"))
	}
	return l.out.Write(p)
}

func (l *lineEnd) end() {
	if l.open {
		fmt.Fprintln(l)
	}
}

// visible leaves out control characters, with which a model's answer could command the
// terminal.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r >= 0xa0) {
			return r
		}
		return -1
	}, text)
}

// summary is the line after an answer.
func summary(a *client.Answer, took time.Duration) string {
	parts := []string{fmt.Sprintf("%d tokens in, %d out", a.Usage.Input, a.Usage.Output)}
	if a.Usage.CacheRead > 0 || a.Usage.CacheWrite > 0 {
		parts = append(parts, fmt.Sprintf("cache %d read, %d written", a.Usage.CacheRead, a.Usage.CacheWrite))
	}
	if a.Cost != "" {
		parts = append(parts, "cost "+a.Cost)
	}
	parts = append(parts, took.Round(10*time.Millisecond).String())
	if a.Model != "" {
		parts = append(parts, a.Model)
	}
	return strings.Join(parts, ", ")
}

// errInterrupted is the cause of an answer that the user has ended.
var errInterrupted = errors.New("interrupted")
