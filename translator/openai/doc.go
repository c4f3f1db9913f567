// Package openai is the dialect of OpenAI's Chat Completions API, as its SDKs and many
// other clients speak it. It translates their requests to Converse requests, and
// Converse replies and events to completions and chunks.
package openai

//go:generate go test . -run "TestGolden|TestPage" -update
