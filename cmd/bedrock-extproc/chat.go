package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bedrock-extproc/internal/console"
)

const chatHelp = `Ask a model through Envoy's listener, and show its answer as it arrives.

At a terminal it is a conversation: the arrow keys bring back earlier prompts, Ctrl-C ends an answer,
and Ctrl-D leaves. Reasoning is dimmed. After a tool call it asks for the result. Tokens, and the cost
if the listener reports it, follow each answer.

With words after the flags, or without a terminal, it asks once: the prompt is these words, or
standard input if there are none. Only the answer's text goes to standard output. A failed answer is
exit code 1, with the listener's error on standard error.`

const chatExample = `  bedrock-extproc chat
  bedrock-extproc chat --api openai --model us.amazon.nova-lite-v1:0 "What is 2+2?"
  git diff | bedrock-extproc chat --system "Write a commit message." -o json
  bedrock-extproc chat --url https://llm.example.com -H @headers.txt --tools tools.json`

// maxPrompt is the longest prompt that is read from standard input, in bytes.
const maxPrompt = 64 << 20

func chatCommand(s streams) *cobra.Command {
	var to target
	var output string
	cmd := &cobra.Command{
		Use: "chat [flags] [PROMPT...]", Short: "ask a model through the listener, at a terminal or in a script",
		Long: chatHelp, Example: chatExample, GroupID: groupTry, ValidArgsFunction: cobra.NoFileCompletions,
	}
	to.define(cmd)
	cmd.Flags().StringVar(&to.url, "url", "http://127.0.0.1:8000", "`URL` of Envoy's listener, without a path")
	addOutput(cmd, &output, outputText, outputJSON)
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		c, r, err := to.client(cmd)
		if err != nil {
			return err
		}
		conversation := &console.Conversation{Client: c, Request: *r}
		if in, ok := s.stdin.(*os.File); ok && isTerminal(in) && isTerminal(s.stdout) && len(words) == 0 && output == outputText {
			return talk(cmd.Context(), conversation, in, s)
		}
		return askOnce(cmd, conversation, words, output)
	}
	return cmd
}

// askOnce asks the words, or standard input.
func askOnce(cmd *cobra.Command, c *console.Conversation, words []string, output string) error {
	prompt := strings.Join(words, " ")
	if len(words) == 0 {
		text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxPrompt))
		if err != nil {
			return err
		}
		prompt = strings.TrimSpace(string(text))
	}
	if prompt == "" {
		return wrongUsage(cmd, "no prompt: neither words nor standard input has one")
	}
	if output == outputJSON {
		return c.OnceJSON(cmd.Context(), prompt, cmd.OutOrStdout())
	}
	return c.Once(cmd.Context(), prompt, cmd.OutOrStdout(), cmd.ErrOrStderr(), isTerminal(cmd.OutOrStdout()))
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// talk holds the conversation at a terminal. The terminal is in raw mode meanwhile:
// every key comes to this program, Ctrl-C as well.
func talk(ctx context.Context, c *console.Conversation, in *os.File, s streams) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return err
	}
	defer term.Restore(int(in.Fd()), state) //nolint:errcheck // there is no way to report that the terminal is gone
	keys := console.NewKeyboard(ctx, in)
	terminal := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{keys, s.stdout}, "")
	terminal.SetBracketedPasteMode(true)
	defer terminal.SetBracketedPasteMode(false)
	go followSize(ctx, terminal, in)
	_, noColour := s.env("NO_COLOR")
	kind, _ := s.env("TERM")
	return c.Talk(ctx, terminal, keys, noColour || kind == "dumb")
}

// followSize tells the terminal its width, until ctx ends.
func followSize(ctx context.Context, terminal *term.Terminal, in *os.File) {
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	for {
		if width, height, err := term.GetSize(int(in.Fd())); err == nil {
			_ = terminal.SetSize(width, height) // it never fails
		}
		select {
		case <-resized:
		case <-ctx.Done():
			return
		}
	}
}
