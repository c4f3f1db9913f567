// Package validate rejects the requests that the Converse service rejects. Its rules
// come from the service's published model, recorded answers, documentation and reported
// error messages. They do not depend on any client. What the service was not seen to
// reject is accepted.
//
// A request passes three layers. The first one that fails returns the error:
//
//  1. decoding: JSON of the right types (SerializationException);
//  2. constraints: unknown and missing members, lengths, ranges, patterns,
//     enumerations. The error lists every violation, with indexes from 1:
//     toolConfig.tools.1.member.toolSpec.name;
//  3. rules: relations between members, such as the order of turns. The error has one
//     violation, with indexes from 0: messages.0.content.1.
//
// Rules for one model family apply by model id, and their errors say that the model
// returned them. An opaque ARN has no family.
//
// To add a member, add a line to a table in members.go. To add a model, add its name to
// modelids.go. To add a rule, write a function and add it to the list in rules.go, with
// its evidence.
package validate
