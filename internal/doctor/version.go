package doctor

import (
	"fmt"
	"slices"
)

// fixedPatch is the first patch release of each 1.x version that fixes
// CVE-2026-47207, by minor version.
var fixedPatch = map[int]int{35: 13, 36: 9, 37: 5, 38: 3}

func versionChecks() []check {
	return []check{
		{
			"envoy-version", Error,
			"an Envoy older than 1.37, which does not support streamed answers",
			"Use Envoy 1.37 or newer (Istio 1.29, Envoy Gateway 1.7), preferably 1.40.",
			func(e *examination) []observation {
				return e.older(func(v version) bool { return v.before(version{1, 37}) }, "it cannot stream answers: every stream fails with 500 or continues to the fallback route")
			},
		},
		{
			"envoy-version-fail-open", Warning,
			"Envoy 1.37 or 1.38, which lets a request bypass the filter if it cannot set up the call to the sidecar",
			"Use Envoy 1.39 or newer. Until then, keep the fallback route a direct_response with status 503.",
			func(e *examination) []observation {
				return e.older(func(v version) bool { return !v.before(version{1, 37}) && v.before(version{1, 39}) }, "if the call to the sidecar cannot be set up, the request continues to the fallback route, even without failure_mode_allow")
			},
		},
		{
			"envoy-cve-2026-47207", Warning,
			"an Envoy that crashes if several unexpected responses arrive in one message (CVE-2026-47207)",
			"Use a release with the fix: 1.35.13, 1.36.9, 1.37.5, 1.38.3, or 1.39.0 and newer.",
			func(e *examination) []observation {
				return e.older(func(v version) bool {
					return !v.before(version{1, 34}) && v.before(version{1, 39}) && (fixedPatch[v[1]] == 0 || v[2] < fixedPatch[v[1]])
				}, "it has CVE-2026-47207: a server that violates the protocol can crash it")
			},
		},
		{
			"envoy-version-unknown", Warning,
			"a dump without Envoy's version, or with an unreadable version",
			"Use the admin interface (-envoy-admin), or save the whole dump: its bootstrap section has the version.",
			func(e *examination) []observation {
				if _, ok := parseVersion(e.Version); ok {
					return nil
				}
				return observe("Envoy", "its version (%q) is unknown and was not checked", e.Version)
			},
		},
	}
}

// older reports an Envoy whose version is known and bad.
func (e *examination) older(bad func(version) bool, consequence string) []observation {
	v, ok := parseVersion(e.Version)
	if !ok || !bad(v) {
		return nil
	}
	return observe("Envoy "+e.Version, "%s", consequence)
}

// version is major, minor and patch.
type version [3]int

// parseVersion reads "1.40.0" and ignores any suffix.
func parseVersion(text string) (version, bool) {
	var v version
	_, err := fmt.Sscanf(text, "%d.%d.%d", &v[0], &v[1], &v[2])
	return v, err == nil
}

func (v version) before(other version) bool { return slices.Compare(v[:], other[:]) < 0 }
