// Package converse puts together the body of one Converse or ConverseStream
// request: it checks what the service would refuse, repairs what is safe to
// repair, and writes JSON in which nothing else has changed.
//
// It stands between a dialect, which knows what its clients mean, and Bedrock. A
// dialect hands over blocks, turns, tools and parameters together with their
// places in the client's request, so that errors and warnings name those.
//
// The members are those of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
package converse

//go:generate go test . -run TestWarningsPage -update
