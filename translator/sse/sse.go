// Package sse frames server-sent events, append-style, as the WHATWG HTML
// standard describes them. It is the last step of a streamed answer.
package sse

// KeepAlive is a comment: clients ignore it, and proxies on the way see traffic.
const KeepAlive = ": keep-alive\n\n"

// AppendData appends one event whose data is a single line, such as compact
// JSON: no event name and no id.
func AppendData(dst, line []byte) []byte {
	dst = append(dst, "data: "...)
	dst = append(dst, line...)
	return append(dst, "\n\n"...)
}
