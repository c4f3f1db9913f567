// Package anthropic is the dialect of Anthropic's Messages API, as its SDKs, Claude Code
// and many other clients speak it. It translates their requests to Converse requests,
// and Converse replies and events to messages and events.
package anthropic

//go:generate go test . -run "TestGolden|TestPage" -update
