package rawjson

import "bytes"

// each calls f for the members of an object, with their quoted names, or for the
// elements of an array, until it returns false. v is known to be JSON, so each only
// looks for where values end.
func each(v Value, f func(name, value Value) bool) {
	object := Kind(v) == '{'
	i := skipSpace(v, 0) + 1
	for {
		i = skipSeparators(v, i)
		if i >= len(v) || v[i] == '}' || v[i] == ']' {
			return
		}
		var name Value
		if object {
			end := i + stringEnd(v[i:])
			name = v[i:end]
			i = skipSeparators(v, end)
		}
		end := valueEnd(v, i)
		if end <= i {
			return
		}
		if !f(name, v[i:end:end]) {
			return
		}
		i = end
	}
}

func skipSpace(v Value, i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\t' || v[i] == '\n' || v[i] == '\r') {
		i++
	}
	return i
}

// skipSeparators skips commas and colons too.
func skipSeparators(v Value, i int) int {
	for i = skipSpace(v, i); i < len(v) && (v[i] == ',' || v[i] == ':'); i = skipSpace(v, i) {
		i++
	}
	return i
}

// valueEnd is where the value that starts at v[i] ends.
func valueEnd(v Value, i int) int {
	for depth := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i += stringEnd(v[i:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\n', '\r':
			continue
		default:
			i = literalEnd(v, i) - 1
		}
		if depth <= 0 {
			return i + 1
		}
	}
	return len(v)
}

// literalEnd is where a number, true, false or null ends.
func literalEnd(v Value, i int) int {
	for ; i < len(v); i++ {
		switch v[i] {
		case ',', ']', '}', ' ', '\t', '\n', '\r':
			return i
		}
	}
	return len(v)
}

// stringEnd is the length of the string with which v starts.
func stringEnd(v Value) int {
	for i := 1; i < len(v); i++ {
		n := bytes.IndexByte(v[i:], '"')
		if n < 0 {
			break
		}
		i += n
		escapes := 0
		for escapes < i-1 && v[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(v)
}
