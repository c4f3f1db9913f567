package doctor

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A broken case changes one thing in a good site and expects findings.
type broken struct {
	name   string
	change func(*testing.T, *site)
	want   []string // "id: where: problem"
}

func TestGood(t *testing.T) {
	for name, dump := range map[string]func(*site, *testing.T) []byte{"static": (*site).staticDump, "dynamic": (*site).dynamicDump} {
		t.Run(name, func(t *testing.T) {
			s := goodSite(t)
			if diff := cmp.Diff([]string{}, s.examine(t, dump(s, t))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// Every broken configuration has its own findings and no others.
func TestBroken(t *testing.T) {
	for _, c := range allBroken() {
		t.Run(c.name, func(t *testing.T) {
			s := goodSite(t)
			c.change(t, s)
			dump := s.staticDump
			if s.noRoutes {
				dump = s.dynamicDump
			}
			if diff := cmp.Diff(c.want, s.examine(t, dump(t))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// Every check has a broken configuration.
func TestChecksAreTested(t *testing.T) {
	var tested []string
	for _, c := range allBroken() {
		for _, want := range c.want {
			id, _, _ := cutID(want)
			tested = append(tested, id)
		}
	}
	for _, c := range checks() {
		if !slices.Contains(tested, c.id) {
			t.Errorf("no test case triggers %s", c.id)
		}
	}
}

func allBroken() []broken {
	return slices.Concat(brokenVersions(), brokenFilters(), brokenChains(), brokenOverrides(), brokenSettings(), brokenIdentities(), brokenRateLimits(), brokenCors(), brokenRoutes(), brokenClusters(), brokenRuns())
}
