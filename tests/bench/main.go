// Command bench measures what a call costs: CPU time and memory of the sidecar, and what it
// adds to the time of a call, each beside a program that does the same without it. All parts
// are processes of their own and talk over loopback and Unix sockets. The sides of a figure
// take turns in short rounds, so that whatever else the machine does hits all of them.
//
// "make bench" runs it. The parts that stand in for others are this program, too.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"bedrock-extproc/tests/bench/canned"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) > 1 && !strings.HasPrefix(args[0], "-") {
		return serve(ctx, args[0], args[1], args[2:])
	}
	return measure(ctx, args)
}

// serve is a part of the stack, at an address, until ctx ends.
func serve(ctx context.Context, part, address string, args []string) error {
	network, at := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		network, at = "unix", path
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, at)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })() // its Accept says so
	if err := servePart(ctx, l, part, args); ctx.Err() == nil {
		return err
	}
	return nil
}

func servePart(ctx context.Context, l net.Listener, part string, args []string) error {
	switch part {
	case "bedrock":
		return canned.ServeBedrock(l)
	case "collector":
		return canned.ServeCollector(l)
	case "upstream":
		return canned.ServeUpstream(l, args[0])
	case "hop":
		return canned.ServeHop(l, args[0])
	case "sdk":
		return serveSDK(ctx, l, args[0])
	}
	return fmt.Errorf("no part %q", part)
}

// measure runs the figures, and prints and writes what they show.
func measure(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	program := flags.String("sidecar", "bin/bedrock-extproc", "the sidecar")
	old := flags.String("old", "", "an older sidecar, to compare with")
	proxy := flags.String("envoy", os.Getenv("ENVOY_BIN"), "Envoy")
	only := flags.String("only", "", "names of figures, with commas between; all by default")
	rounds := flags.Int("rounds", 0, "rounds of each figure; 0 means its own number")
	output := flags.String("json", "", "a file for the results")
	liteLLM := flags.String("litellm", "", "LiteLLM's program; with a peer, only the figures of peers are measured")
	portkey := flags.String("portkey", "", "the script of Portkey's gateway, a peer that needs Node")
	aiGateway := flags.String("aigateway", "", "the external processor of Envoy AI Gateway, a peer")
	page := flags.String("page", "", "a page whose section of results to write; it needs all figures")
	if err := flags.Parse(args); err != nil {
		return err
	}
	known, target := figures(), "bench"
	if list := peers(*liteLLM, *portkey, *aiGateway); len(list) > 0 {
		known, target = peerFigures(list), "bench-peers"
	}
	chosen, err := choose(known, *only)
	if err != nil {
		return err
	}
	if *page != "" && *only != "" {
		return errAllFigures
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s, err := newStack(ctx, self, *proxy, *program, *old)
	if err != nil {
		return err
	}
	defer s.close()
	here, err := thisMachine(ctx, *proxy)
	if err != nil {
		return err
	}
	fmt.Println(&here)
	all, err := s.measureAll(chosen, *rounds)
	if err != nil {
		return err
	}
	if *output != "" {
		if err := writeJSON(*output, &here, all); err != nil {
			return err
		}
	}
	if *page != "" {
		return writePage(*page, target, &here, chosen, all)
	}
	return nil
}

var errAllFigures = errors.New("a page needs all figures")

// measureAll measures figures and prints each.
func (s *stack) measureAll(chosen []figure, rounds int) (all []result, err error) {
	for i := range chosen {
		f := &chosen[i]
		if rounds > 0 {
			f.rounds = rounds
		}
		got, err := f.measure(s)
		if err != nil {
			return nil, err
		}
		list := f.results(got)
		if err := printFigure(os.Stdout, f, list); err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func writeJSON(file string, m *machine, all []result) error {
	text, err := json.MarshalIndent(map[string]any{"machine": m, "results": all}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// choose returns the figures with those names.
func choose(all []figure, names string) (chosen []figure, err error) {
	if names == "" {
		return all, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(f figure) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no figure %q; there are %s", name, strings.Join(figureNames(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func figureNames(all []figure) (names []string) {
	for _, f := range all {
		names = append(names, f.name)
	}
	return names
}
