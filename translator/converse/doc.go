// Package converse builds the body of a Converse or ConverseStream request, for every
// dialect. It refuses or repairs what Bedrock would refuse, and leaves everything
// else unchanged, byte for byte. It also reads Bedrock's answers, whole or streamed;
// see Answer.
//
// A dialect reads its clients' format and adds blocks, turns, tools and options, each
// with its path in the client's request. Errors and warnings name these paths, and
// faults.go has their texts.
//
// The members are those of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
package converse

//go:generate go test . -run TestWarningsPage -update
