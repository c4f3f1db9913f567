// Package rawjson reads and writes JSON as text. Values stay parts of the text in
// which they were found, so copies keep their digits, their escapes and the order of
// their members, and a body of 25 MB is not copied to be read.
//
// It serves every package below translator. jsontext does the parsing.
package rawjson
