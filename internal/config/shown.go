package config

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// redacted stands for a value that is not shown.
const redacted = "[redacted]"

// hiddenKeys are the keys whose values are not shown.
var hiddenKeys = []string{"external_id"}

// userinfo is the part of a URL that can hold a password.
var userinfo = regexp.MustCompile(`://[^/@\s]*@`)

// shown returns a file as JSON for operators: the sections that this program reads, with
// variables by their names and not by their values, and without anything that may be
// secret. It returns nil for an empty text, and for one that is YAML only after its variables are expanded.
func shown(name string, text []byte) json.RawMessage {
	text = variable.ReplaceAll(text, []byte("$${$1$3}"))
	root, err := parseYAML(name, text)
	if err != nil || root == nil {
		return nil
	}
	keep := map[string]any{}
	if providers := member(root, "providers"); providers != nil { // others are not for this program
		keep["providers"] = map[string]any{"llm": shownNode(member(providers, "llm"))}
	}
	for _, section := range []string{"allow_server_credentials", "bedrock_extproc"} {
		if value := member(root, section); value != nil {
			keep[section] = shownNode(value)
		}
	}
	out, err := json.Marshal(keep)
	if err != nil {
		return nil
	}
	return out
}

// member is the value of a key, nil if there is none.
func member(n *yaml.Node, key string) *yaml.Node {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// shownNode turns a node, nil for none, into JSON's types. Numbers stay as they are written.
func shownNode(n *yaml.Node) any {
	if n == nil {
		return nil
	}
	n = resolve(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if m[key] = shownNode(n.Content[i+1]); slices.Contains(hiddenKeys, key) {
				m[key] = redacted
			}
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, shownNode(item))
		}
		return list
	default:
		return shownScalar(n)
	}
}

func shownScalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	}
	return userinfo.ReplaceAllString(n.Value, "://"+redacted+"@")
}
