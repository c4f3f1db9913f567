package doctor

import (
	"fmt"
	"slices"
)

// repaired is the first patch release of each minor version without
// CVE-2026-47207.
var repaired = map[int]int{35: 13, 36: 9, 37: 5, 38: 3}

func versionChecks() []check {
	return []check{
		{
			"envoy-version", Error,
			"an Envoy before 1.37, which knows no streamed answers",
			"Use Envoy 1.37 or newer (Istio 1.29, Envoy Gateway 1.7), better 1.40.",
			func(e *examination) []observation {
				return e.older(func(v version) bool { return v.before(version{1, 37}) }, "it cannot stream answers: every stream fails with 500, or goes on to the route behind the filter")
			},
		},
		{
			"envoy-version-fail-open", Warning,
			"an Envoy 1.37 or 1.38, which lets a request through if it cannot set up the call",
			"Use Envoy 1.39 or newer; until then keep the route behind the filter a direct_response 503.",
			func(e *examination) []observation {
				return e.older(func(v version) bool { return !v.before(version{1, 37}) && v.before(version{1, 39}) }, "it lets a request through to the route behind the filter if the call to the sidecar cannot be set up, whatever failure_mode_allow says")
			},
		},
		{
			"envoy-cve-2026-47207", Warning,
			"an Envoy that crashes if several unexpected answers arrive in one message (CVE-2026-47207)",
			"Use a release with the fix: 1.35.13, 1.36.9, 1.37.5, 1.38.3, or 1.39.0 and newer.",
			func(e *examination) []observation {
				return e.older(func(v version) bool {
					return !v.before(version{1, 34}) && v.before(version{1, 39}) && (repaired[v[1]] == 0 || v[2] < repaired[v[1]])
				}, "it has CVE-2026-47207: a server that does not keep the protocol can crash it")
			},
		},
		{
			"envoy-version-unknown", Warning,
			"a dump without Envoy's version, or a version that cannot be read",
			"Ask the admin interface (-envoy-admin), or save the whole dump: the bootstrap section has the version.",
			func(e *examination) []observation {
				if _, ok := parseVersion(e.Version); ok {
					return nil
				}
				return observe("Envoy", "its version is not known (%q), and was not checked", e.Version)
			},
		},
	}
}

// older observes an Envoy whose version is known and not good.
func (e *examination) older(bad func(version) bool, consequence string) []observation {
	v, ok := parseVersion(e.Version)
	if !ok || !bad(v) {
		return nil
	}
	return observe("Envoy "+e.Version, "%s", consequence)
}

type version [3]int

// parseVersion reads "1.40.0", whatever follows it.
func parseVersion(text string) (version, bool) {
	var v version
	_, err := fmt.Sscanf(text, "%d.%d.%d", &v[0], &v[1], &v[2])
	return v, err == nil
}

func (v version) before(other version) bool { return slices.Compare(v[:], other[:]) < 0 }
