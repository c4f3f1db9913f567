// Package bedrocktest is what tests of internal/awsauth, internal/converseapi and
// internal/bedrock share: an isolated AWS environment, servers that answer as they are
// told, event-stream frames, and a network in memory. tests/fakebedrock, in contrast,
// behaves like Bedrock.
package bedrocktest
