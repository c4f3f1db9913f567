// Package chat is the dialect of the agentic gateways' LLM API: POST
// /api/v1/llm/completions and /completions/stream. It translates the client's
// JSON to Converse JSON and Converse replies and events back to the client's.
package chat

//go:generate go test . -run TestPage -update
