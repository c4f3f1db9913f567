// Package rawjson reads and writes JSON as text. Values stay parts of the text in
// which they were found, so that what is copied keeps its digits, its escapes
// and the order of its members, and a body of 25 MB is not copied to be read.
//
// It serves the packages below translator. Parsing itself is jsontext's.
package rawjson
