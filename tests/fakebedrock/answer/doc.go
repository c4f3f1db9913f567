// Package answer composes the fake Bedrock's answers, which are good enough for
// demonstrations and reproducible. It does arithmetic, calls tools that match a
// question, uses their results, explains one topic, and repeats everything else.
package answer
