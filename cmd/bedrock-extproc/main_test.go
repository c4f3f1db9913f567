package main

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bedrock-extproc": func() {
			os.Exit(run(context.Background(), os.Args[1:], streams{os.LookupEnv, os.Stdin, os.Stdout, os.Stderr}))
		},
	})
}

// TestScripts runs the command lines of testdata.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}
