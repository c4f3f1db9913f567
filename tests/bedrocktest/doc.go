// Package bedrocktest is what tests of internal/awsauth, internal/converseapi and
// internal/bedrock share: an isolated AWS environment, servers that answer as they are
// told, event-stream frames, a network in memory, and what the SDK's ordinary client needs
// in tests and benchmarks. tests/fakebedrock, in contrast, behaves like Bedrock.
package bedrocktest
