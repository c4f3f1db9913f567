// Package sse frames server-sent events, append-style, as the WHATWG HTML
// standard describes them. It is the last step of a streamed answer.
package sse

// AppendData appends one event whose data is a single line, such as compact
// JSON: no event name and no id.
func AppendData(dst, line []byte) []byte {
	dst = append(dst, "data: "...)
	dst = append(dst, line...)
	return append(dst, "\n\n"...)
}

// AppendComment appends a comment, which clients ignore and proxies see as
// traffic.
func AppendComment(dst []byte, text string) []byte {
	dst = append(dst, ": "...)
	dst = append(dst, text...)
	return append(dst, "\n\n"...)
}
