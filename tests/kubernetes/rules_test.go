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

// A rule checks that the objects of an overlay match each other.
type rule func(*objects, *findings)

func rules() []rule {
	return []rule{
		namespaces, selectors, servicePorts, images,
		probes, scrapes, openPorts, autoscaling,
		volumes, names, files, sockets, upstreams,
		restricted, accounts, graces, unlinked,
		policyTypes, policyPorts, callers, egress,
		certificates,
	}
}

func (o *objects) findings() findings {
	var f findings
	for _, check := range rules() {
		check(o, &f)
	}
	return f
}

func TestRules(t *testing.T) {
	for _, name := range overlays {
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
