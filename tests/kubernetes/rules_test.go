package kubernetes

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// findings are the problems that rules found.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// A rule checks that the objects of an example match each other.
type rule func(*objects, *findings)

// The examples that rules apply to.
var (
	everything = append(append(overlays, istioExamples...), envoyGateways...)
	ourFiles   = append(overlays, istioExamples...)
)

// rules lists every rule with its examples. Istio and Envoy Gateway have their own
// policies, certificates and Envoys, which tests/istio and tests/envoygateway check.
func rules() []struct {
	check    rule
	examples []string
} {
	return []struct {
		check    rule
		examples []string
	}{
		{restricted, everything},
		{capacity, everything},
		{disruptions, everything},
		{autoscaling, everything},
		{spread, everything},
		{selectors, everything},
		{probes, everything},
		{volumes, everything},
		{files, everything},
		{accounts, everything},
		{graces, everything},
		{unlinked, everything},
		{images, ourFiles},
		{scrapes, ourFiles},
		{servicePorts, overlays},
		{namespaces, overlays},
		{openPorts, overlays},
		{names, overlays},
		{sockets, overlays},
		{upstreams, overlays},
		{policyTypes, overlays},
		{policyPorts, overlays},
		{callers, overlays},
		{egress, overlays},
		{certificates, overlays},
	}
}

func (o *objects) findings() findings {
	var f findings
	for _, r := range rules() {
		if slices.Contains(r.examples, o.example) {
			r.check(o, &f)
		}
	}
	return f
}

func TestRules(t *testing.T) {
	for _, name := range everything {
		for _, finding := range load(t, name).findings() {
			t.Errorf("%s: %s", name, finding)
		}
	}
}

// TestBroken breaks one thing at a time and expects its finding.
func TestBroken(t *testing.T) {
	used := map[string]bool{}
	for _, b := range breaks() {
		t.Run(b.finding, func(t *testing.T) {
			used[b.finding] = true
			o := load(t, b.overlay)
			b.edit(o)
			found := o.findings()
			if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, b.finding) }) {
				t.Errorf("found only %q", found)
			}
		})
	}
	if len(used) != len(breaks()) {
		t.Errorf("%d findings for %d breaks", len(used), len(breaks()))
	}
}
