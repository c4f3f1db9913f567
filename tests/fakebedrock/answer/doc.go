// Package answer composes what the stand-in says: enough to make a demonstration
// worth watching, and the same every time. It knows arithmetic, calls the tools
// that a question fits, uses their results, explains one topic well and any other
// frankly, and repeats the rest.
package answer
