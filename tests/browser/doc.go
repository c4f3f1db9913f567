// Package browser calls the example for pages of other origins (examples/envoy/browser)
// from headless Chromium, through a real Envoy and the sidecar, and reads the sidecar's
// status page, whose pictures it keeps in bin/browser. "make browser" runs it;
// the build tag browser keeps it out of "make test", which needs no Chromium.
package browser
