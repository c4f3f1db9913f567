package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/identity"
	"bedrock-extproc/tests/page"
	"bedrock-extproc/translator"
)

var update = flag.Bool("update", false, "write docs/configuration.md and docs/config.schema.json again")

const (
	pageFile   = "../../docs/configuration.md"
	schemaFile = "../../docs/config.schema.json"
)

// TestReference compares the page and the schema with the keys that are read.
func TestReference(t *testing.T) {
	schema, err := json.MarshalIndent(fileSchema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{pageFile: pageText(t), schemaFile: append(schema, '\n')} {
		page.Check(t, file, string(want), *update)
	}
}

// TestPageExamples reads each YAML block of the page as a file.
func TestPageExamples(t *testing.T) {
	text, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) { return "eu-west-1", name == "EU_REGION" }
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 4 {
		t.Fatalf("%d blocks of YAML on the page", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		if _, err := Parse("page.yaml", []byte(block), env); err != nil {
			t.Errorf("%v\n%s", err, block)
		}
	}
}

// TestKeyExamples reads each key's example as its value.
func TestKeyExamples(t *testing.T) {
	for _, s := range sections() {
		for _, k := range s.keys {
			if k.doc == "" || k.absent == "" || k.example == "" {
				t.Errorf("%s.%s needs a text, a default and an example", s.path, k.name)
			}
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(k.example), &doc); err != nil {
				t.Errorf("%s.%s: %v", s.path, k.name, err)
				continue
			}
			d := newDecoder("example")
			k.value.read(d, doc.Content[0], s.path+"."+k.name)
			// An example does not have to name all backends.
			for _, p := range d.problems {
				if !strings.Contains(p.text, "default is required") {
					t.Error(p.text)
				}
			}
		}
	}
}

// pageSection is a table of the page.
type pageSection struct {
	path string
	note string
	keys []key
}

func sections() []pageSection {
	c, b := Default(), &backend{}
	return []pageSection{
		{"", "The whole file. Other sections of the gateway's file are ignored, with one warning: " + listing(ignored) + ". Envoy does what `cors_origins` and `auth` do in the gateway, see [examples/envoy/browser](../examples/envoy/browser) and [examples/envoy/secure](../examples/envoy/secure).", c.keys()},
		{"providers", "Also ignored: " + listing(ignoredProviders) + ".", providers{c}.keys()},
		{"providers.llm", "One backend, with the name `" + bedrock.DefaultBackend + "`:", b.keys()},
		{"providers.llm", "Or several:", llm{c}.keys()},
		{"config", "Of `providers.llm` or of each of its `backends`.", b.configKeys()},
		{"config.guardrail", "", guardrailKeys(&identity.Guardrail{})},
		{"config.timeouts, bedrock_extproc.timeouts", "`-1s` lifts a limit.", limitsKeys(&b.Limits)},
		{"bedrock_extproc", "", c.extprocKeys()},
		{"bedrock_extproc.identity.NAME", "The first source that has a value counts.", sourceKeys(&identity.Source{})},
		{"bedrock_extproc.access[]", "", ruleKeys(&identity.Rule{})},
		{"bedrock_extproc.caller_limit", "See [limits](limits.md).", callerLimitKeys(&c.Policy.CallerLimit)},
		{"bedrock_extproc.prices", "Prices are exact decimal numbers. Costs are whole numbers of millionths of the currency's unit.", new(prices).keys()},
		{"bedrock_extproc.prices.models.NAME", "", modelPriceKeys(&translator.Price{})},
		{"bedrock_extproc.retry", "", retryKeys(&c.Bedrock.Retry)},
		{"bedrock_extproc.cool_down", "", coolDownKeys(&c.Bedrock.CoolDown)},
	}
}

func listing(names map[string]bool) string {
	return "`" + strings.Join(slices.Sorted(maps.Keys(names)), "`, `") + "`"
}

func pageText(t *testing.T) []byte {
	t.Helper()
	intro, err := os.ReadFile("testdata/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.NewBuffer(intro)
	for i, s := range sections() {
		switch {
		case i == 0:
			fmt.Fprint(out, "\n### The file\n\n")
		case s.path != sections()[i-1].path:
			fmt.Fprintf(out, "\n### %s\n\n", s.path)
		default:
			fmt.Fprintln(out)
		}
		if s.note != "" {
			fmt.Fprintf(out, "%s\n\n", s.note)
		}
		fmt.Fprint(out, "| key | type | without it | example | |\n|---|---|---|---|---|\n")
		for _, k := range s.keys {
			fmt.Fprintf(out, "| `%s` | %s | %s | `%s` | %s |\n", k.name, typeName(k.value), k.absent, k.example, k.doc)
		}
	}
	return out.Bytes()
}

func typeName(v value) string {
	switch v := v.(type) {
	case truth:
		return "`true` or `false`"
	case count:
		return "whole number"
	case perThousand:
		return "decimal number"
	case duration:
		return "time with unit"
	case choice:
		return "`" + strings.Join(v.words, "`, `") + "`"
	case texts:
		return "list of texts"
	case choices:
		return "list of `" + strings.Join(v.known, "`, `") + "`"
	case template:
		return "template"
	case textMap, aliases, match:
		return "texts by name"
	case templateMap:
		return "templates by name"
	case rules:
		return "list of mappings"
	case section, llm, backends, providers, sources, modelPrices, priceTable:
		return "mapping"
	default:
		return "text"
	}
}

// object is a part of a JSON schema.
type object = map[string]any

func fileSchema() object {
	s := keysSchema(Default().keys(), ignored)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Configuration of bedrock-extproc"
	s["$defs"] = object{
		"variable": object{"type": "string", "pattern": `\$`, "description": "A value that comes from the environment: ${VAR}, ${VAR:=default}, ${VAR:-default} or $VAR."},
		"duration": object{"type": "string", "pattern": `^-?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+$`},
	}
	return s
}

// keysSchema is a mapping that has these keys, and the tolerated ones with
// anything in them.
func keysSchema(keys []key, tolerated map[string]bool) object {
	properties := object{}
	var required []string
	for name := range tolerated {
		properties[name] = true
	}
	for _, k := range keys {
		p := valueSchema(k.value)
		p["description"] = k.doc
		properties[k.name] = p
		if k.absent == "required" {
			required = append(required, k.name)
		}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		s["required"] = required
	}
	return s
}

func valueSchema(v value) object {
	switch v := v.(type) {
	case truth:
		return orVariable(object{"type": "boolean"})
	case count:
		return orVariable(object{"type": "integer", "minimum": 1})
	case perThousand:
		return orVariable(object{"anyOf": []any{
			object{"type": "number", "minimum": 0, "exclusiveMaximum": 1_000_000},
			object{"type": "string", "pattern": `^[0-9]{1,6}(\.[0-9]{0,9})?$`},
		}})
	case priceTable:
		return keysSchema(new(prices).keys(), nil)
	case modelPrices:
		return object{"type": "object", "additionalProperties": keysSchema(modelPriceKeys(&translator.Price{}), nil)}
	case duration:
		return orVariable(object{"$ref": "#/$defs/duration"})
	case choice:
		return orVariable(choiceSchema(v))
	case texts:
		return object{"type": "array", "items": object{"type": "string"}}
	case choices:
		return object{"type": "array", "minItems": 1, "items": orVariable(choiceSchema(choice{words: v.known}))}
	case textMap, aliases, templateMap, match:
		return object{"type": "object", "additionalProperties": object{"type": "string", "minLength": 1}}
	case section:
		return keysSchema(v.keys(), nil)
	case sources:
		return object{"type": "object", "additionalProperties": keysSchema(sourceKeys(&identity.Source{}), nil)}
	case rules:
		return object{"type": "array", "items": keysSchema(ruleKeys(&identity.Rule{}), nil)}
	case providers:
		return keysSchema(v.keys(), ignoredProviders)
	case backends:
		return object{"type": "object", "minProperties": 1, "additionalProperties": keysSchema(new(backend).keys(), nil)}
	case llm:
		return object{"oneOf": []any{keysSchema(new(backend).keys(), nil), keysSchema(v.keys(), nil)}}
	case class:
		return object{"type": "string", "pattern": `(^|\.)` + providerClass + `$|\$`}
	default:
		return object{"type": "string"}
	}
}

func choiceSchema(v choice) object {
	words := []any{}
	for _, word := range v.words {
		words = append(words, word)
	}
	if v.yes != "" {
		words = append(words, true, false)
	}
	return object{"enum": words}
}

func orVariable(s object) object {
	return object{"anyOf": []any{s, object{"$ref": "#/$defs/variable"}}}
}
