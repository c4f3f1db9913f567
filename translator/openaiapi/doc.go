// Package openaiapi is what OpenAI's two APIs, Chat Completions and Responses, have in
// common: errors, parameters, files, custom tools and citations. The dialects of both
// read and write with it what they would read and write alike. It knows neither API as a
// whole.
package openaiapi
