package config

import "regexp"

// LookupEnv is os.LookupEnv, or a test's.
type LookupEnv func(key string) (string, bool)

// variable matches ${NAME:=default}, ${NAME:-default}, ${NAME} and $NAME.
var variable = regexp.MustCompile(`\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::[=-]([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))`)

// expand replaces variables in the text of a file before it is parsed: by the value
// or, if the variable is not set, by the default. Without a default the text stays
// as it is, which shows what is missing.
func expand(text []byte, env LookupEnv) []byte {
	return variable.ReplaceAllFunc(text, func(match []byte) []byte {
		groups := variable.FindSubmatch(match)
		name := string(groups[1]) + string(groups[3])
		if value, ok := env(name); ok {
			return []byte(value)
		}
		if groups[2] != nil {
			return groups[2]
		}
		return match
	})
}
