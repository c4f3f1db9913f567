// Package responses is the dialect of OpenAI's Responses API without its storage, as
// OpenAI's SDKs and Codex speak it. It translates requests and their items to Converse
// requests, and Converse replies and events to responses and their events.
package responses

//go:generate go test . -run "TestGolden|TestPage" -update
