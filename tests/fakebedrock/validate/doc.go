// Package validate refuses what the Converse service refuses. Its rules are the
// service's own, taken from its published model and documentation and from what
// it has told others; they know of no client.
//
// A request passes three layers, and the first that objects answers:
//
//  1. reading: JSON of the right types (SerializationException);
//  2. constraints: members that the API does not have, required members, lengths,
//     ranges, patterns, enumerations. It lists every violation, with positions
//     counted from 1: toolConfig.tools.1.member.toolSpec.name;
//  3. rules: what only makes sense together, such as the order of turns. It names
//     one violation, with positions counted from 0: messages.0.content.1.
//
// Rules about one family of models are looked up by the model id, and say that
// the model returned the error. An opaque ARN belongs to no family.
//
// To add a member, add a line to a table in members.go. To add a rule, write a
// function and name it in the list of rules.go.
package validate
