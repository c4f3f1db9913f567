package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns the document's root, or nil for an empty file.
func parseYAML(name string, text []byte) (*yaml.Node, error) {
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, errors.New(strings.Join(yamlProblems(name, err), "\n"))
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:%d: a second YAML document: a file holds one configuration", name, more.Line)
	}
	root := doc.Content[0]
	if root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

var (
	yamlLine  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	yamlField = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
)

// yamlProblems are the lines of an error of the YAML library, each as "file:line:
// problem" if the library gives the line.
func yamlProblems(file string, err error) []string {
	problems := strings.Split(err.Error(), "\n")
	if e, ok := errors.AsType[*yaml.TypeError](err); ok {
		problems = e.Errors
	}
	for i, text := range problems {
		place := file
		if found := yamlLine.FindStringSubmatch(text); found != nil {
			place, text = file+":"+found[1], found[2]
		}
		problems[i] = place + ": " + yamlField.ReplaceAllString(text, "$1: unknown key")
	}
	return problems
}
