package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/term"

	"bedrock-extproc/internal/client"
)

// Terminal reads lines and shows text; *term.Terminal is one.
type Terminal interface {
	ReadLine() (string, error)
	SetPrompt(text string)
	io.Writer
}

// session is a conversation at a terminal.
type session struct {
	*Conversation
	terminal Terminal
	keys     *Keyboard
	plain    bool // without escape sequences
}

// Talk asks the user for prompts and shows answers, until the user ends the input
// (Ctrl-D) or ctx ends. Ctrl-C ends an answer. A failed answer is shown, and the user
// can go on. plain leaves out colours.
func (c *Conversation) Talk(ctx context.Context, terminal Terminal, keys *Keyboard, plain bool) error {
	s := &session{c, terminal, keys, plain}
	fmt.Fprintf(terminal, "%s\n", s.dim("Ctrl-C ends an answer, Ctrl-D leaves. A line that ends with \\ continues."))
	for {
		prompt, err := s.read("> ")
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(terminal)
			return nil
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(prompt) == "" {
			continue
		}
		if err := s.turn(ctx, prompt); err != nil {
			return err
		}
	}
}

// turn asks for an answer, and asks the user for the results of the tools that it calls.
// The error is one that ends the session.
func (s *session) turn(ctx context.Context, prompt string) error {
	in := client.Input{Text: prompt}
	for {
		answer := s.answer(ctx, in)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if answer == nil || len(answer.Calls()) == 0 {
			return nil
		}
		in = client.Input{}
		for _, call := range answer.Calls() {
			fmt.Fprintf(s.terminal, "tool call: %s %s\n", visible(call.Name), visible(string(call.Input)))
			text, err := s.read("result of " + visible(call.Name) + "> ")
			if errors.Is(err, io.EOF) { // the user leaves
				return nil
			}
			if err != nil {
				return err
			}
			in.Results = append(in.Results, client.Result{CallID: call.ID, Text: text})
		}
	}
}

// answer shows an answer as it arrives. It returns nil if it failed, which it shows.
func (s *session) answer(ctx context.Context, in client.Input) *client.Answer {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer s.keys.onInterrupt(func() { cancel(errInterrupted) })()
	began := time.Now()
	lines := &lineEnd{out: s.terminal}
	last := client.Text
	a, err := s.ask(ctx, in, func(p client.Piece) {
		text := visible(p.Text)
		if p.Kind != last {
			lines.end()
			last = p.Kind
		}
		if p.Kind == client.Reasoning {
			text = s.dim(text)
			lines.open = true
		}
		fmt.Fprint(lines, text)
	})
	lines.end()
	switch {
	case errors.Is(context.Cause(ctx), errInterrupted):
		fmt.Fprintln(s.terminal, s.dim("interrupted: this turn is forgotten"))
		return nil
	case err != nil:
		fmt.Fprintf(s.terminal, "error: %s\n", visible(err.Error()))
		return nil
	}
	if text := cut(a.StopReason); text != "" {
		fmt.Fprintln(s.terminal, text)
	}
	fmt.Fprintln(s.terminal, s.dim(visible(summary(a, time.Since(began)))))
	return a
}

// read reads a prompt: a line, several lines that end with \, or what is pasted at once.
func (s *session) read(prompt string) (string, error) {
	var text strings.Builder
	s.terminal.SetPrompt(prompt)
	defer s.terminal.SetPrompt("")
	for {
		line, err := s.terminal.ReadLine()
		pasted := errors.Is(err, term.ErrPasteIndicator)
		if err != nil && !pasted {
			return "", err
		}
		line, continues := strings.CutSuffix(line, `\`)
		text.WriteString(line)
		if !continues && !pasted {
			return text.String(), nil
		}
		text.WriteByte('\n')
		s.terminal.SetPrompt("… ")
	}
}

// dim shows text as less important.
func (s *session) dim(text string) string {
	if s.plain {
		return text
	}
	return "\x1b[2m" + text + "\x1b[0m"
}
