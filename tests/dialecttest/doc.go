// Package dialecttest has the properties that the tests of every dialect check: generated
// requests are accepted by the service, a whole answer equals its stream, and what fuzzing
// must never find. Only tests of dialects call it.
package dialecttest
