package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"bedrock-extproc/internal/bedrock"
)

// Load reads a file and the families file that it names, and passes the settings of the
// backends to build, which checks them in this process's AWS environment: what Load
// returns can be served. An error of build may be bedrock.Problems. Variables in the text
// are expanded by env. path "" means no file: the defaults are checked.
//
// The error has a line for each problem of the files, "file:line: path: problem",
// in the order of their lines.
func Load(path string, env LookupEnv, build func(bedrock.Config) error) (*Config, error) {
	d, err := open(path, env)
	if err != nil {
		return nil, err
	}
	d.readFamilies()
	var problems bedrock.Problems
	if err := build(d.cfg.Bedrock); err != nil && !errors.As(err, &problems) {
		problems = bedrock.Problems{{Text: err.Error()}}
	}
	return d.finish(problems)
}

// Read is Load for a file that is meant for another environment: it looks at
// nothing but that file.
func Read(path string, env LookupEnv) (*Config, error) {
	d, err := open(path, env)
	if err != nil {
		return nil, err
	}
	return d.finish(d.cfg.Bedrock.Check())
}

// Parse is Read for a text; name is the file's name in errors.
func Parse(name string, text []byte, env LookupEnv) (*Config, error) {
	d, err := decode(name, text, env)
	if err != nil {
		return nil, err
	}
	return d.finish(d.cfg.Bedrock.Check())
}

func open(path string, env LookupEnv) (*decoder, error) {
	if path == "" {
		return newDecoder(""), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return decode(path, text, env)
}

// decode fills in a decoder's Config as far as the text allows. An error means that
// the text is not YAML.
func decode(name string, text []byte, env LookupEnv) (*decoder, error) {
	d := newDecoder(name)
	d.cfg.Shown = shown(name, text)
	root, err := parseYAML(name, expand(text, env))
	if err != nil || root == nil {
		return d, err
	}
	d.lines[""] = root.Line
	d.mapping(root, "", ignored, d.cfg.keys())
	d.checkUses()
	d.checkAccess()
	d.checkRequired()
	d.warnSkipped()
	return d, nil
}

// warnSkipped adds one warning about all ignored sections.
func (d *decoder) warnSkipped() {
	if len(d.skipped) == 0 {
		return
	}
	parts := []string{"ignored, because this program serves providers.llm only: " + join(d.skipped)}
	for _, e := range inEnvoy {
		if slices.Contains(d.skipped, e.section) {
			parts = append(parts, e.section+": "+e.where)
		}
	}
	d.cfg.Warnings = append(d.cfg.Warnings, strings.Join(parts, "; "))
}

// finish adds the problems that another package has found, and returns the Config if
// there are no problems.
func (d *decoder) finish(found bedrock.Problems) (*Config, error) {
	d.addBedrock(found)
	d.checkFallbackDefaults()
	if len(d.problems) > 0 {
		return nil, d.err()
	}
	return d.cfg, nil
}
