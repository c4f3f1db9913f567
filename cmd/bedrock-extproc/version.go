package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// appID names the program in the User-Agent of calls to AWS.
func appID() string { return "bedrock-extproc/" + version }

// printVersion prints versionText.
func printVersion(args []string, stdout, stderr io.Writer) error {
	if err := parse(flag.NewFlagSet("version", flag.ContinueOnError), args, noEnv, stderr); err != nil {
		return err
	}
	_, err := fmt.Fprintln(stdout, versionText())
	return err
}

// versionText names the program, its version and its build.
func versionText() string {
	text := fmt.Sprintf("bedrock-extproc %s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return text
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "github.com/aws/aws-sdk-go-v2/service/bedrockruntime", "github.com/envoyproxy/go-control-plane/envoy":
			text += fmt.Sprintf("\n  %s %s", dep.Path, dep.Version)
		}
	}
	return text
}
