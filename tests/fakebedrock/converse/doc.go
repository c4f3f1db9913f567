// Package converse holds the Converse API as the stand-in sees it: a request as
// it is read, a reply as it is written, and how both are counted in tokens.
//
// It is not a client library: only what the stand-in looks at has a field.
// Reading is lenient, since package validate has judged the request before.
package converse
