package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// appID names the program in the User-Agent of calls to AWS.
func appID() string { return "bedrock-extproc/" + version }

// build is what version prints.
type build struct {
	Version  string            `json:"version"`
	Commit   string            `json:"commit,omitempty"`
	Date     string            `json:"date,omitempty"` // of the commit
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Modules  map[string]string `json:"modules,omitempty"`
}

func versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "version", Short: "print the version, commit and date", GroupID: groupOther, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
			if output == outputJSON {
				return writeJSON(cmd.OutOrStdout(), b)
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), b.text())
			return err
		},
	}
	addOutput(cmd, &output, outputText, outputJSON)
	return cmd
}

// shownModules are those whose version decides what Envoy and Bedrock understand.
func shownModules() []string {
	return []string{"github.com/aws/aws-sdk-go-v2/service/bedrockruntime", "github.com/envoyproxy/go-control-plane/envoy"}
}

func thisBuild() build {
	b := build{Version: version, Commit: commit, Date: date, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Modules: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, dep := range info.Deps {
		for _, path := range shownModules() {
			if dep.Path == path {
				b.Modules[path] = dep.Version
			}
		}
	}
	return b
}

func (b *build) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "bedrock-extproc %s %s %s\n", b.Version, b.Go, b.Platform)
	if b.Commit != "" {
		fmt.Fprintf(&text, "  commit %s of %s\n", b.Commit, b.Date)
	}
	for _, path := range shownModules() {
		if v := b.Modules[path]; v != "" {
			fmt.Fprintf(&text, "  %s %s\n", path, v)
		}
	}
	return text.String()
}
