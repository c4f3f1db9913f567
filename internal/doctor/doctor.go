// Package doctor checks an Envoy's configuration for mistakes that break the
// sidecar, and says how to fix them.
//
// ReadAdmin and ReadDump make a Snapshot, from Envoy's admin interface or a saved
// configuration dump; ReadAWS adds the AWS environment. Examine applies a table of
// checks to it. docs/doctor.md is generated from the same table.
package doctor

//go:generate go test . -run TestPage -update

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Severity is how serious a finding is.
type Severity string

const (
	// Error makes calls fail or bypasses access control.
	Error Severity = "error"
	// Warning breaks calls under load or in some cases, or has no effect.
	Warning Severity = "warning"
)

// A Finding is one mistake.
type Finding struct {
	// ID is the check's name. It is stable: programs may rely on it.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Where names the listener, filter, route or cluster.
	Where   string `json:"where"`
	Problem string `json:"problem"`
	Fix     string `json:"fix"`
}

// DefaultLongestAnswer is Envoy's default stream_idle_timeout.
const DefaultLongestAnswer = 5 * time.Minute

// Options describe what the sidecar needs from Envoy. The zero value treats every
// ext_proc filter as the sidecar's.
type Options struct {
	// Cluster is the cluster that the filter calls; "" means any.
	Cluster string
	// LongestAnswer is how long an answer may take; 0 means DefaultLongestAnswer.
	LongestAnswer time.Duration
	// APIs are those that the sidecar serves.
	APIs []API
	// Backends are the names of the backends in the sidecar's configuration; nil if the
	// configuration is unknown.
	Backends []string
	// Metadata (paths in dynamic metadata: a namespace, then keys), Attributes and
	// InitialMetadata (lowercase keys of gRPC initial metadata) are the identity sources
	// in the sidecar's configuration.
	Metadata                    [][]string
	Attributes, InitialMetadata []string
}

// An API is one that the sidecar serves.
type API struct {
	Name string
	// Paths are the URL paths of its model calls.
	Paths []string
	// Required says that the configuration names the API, so that Envoy should route it.
	Required bool
}

// paths are those of all APIs.
func (o *Options) paths() []string {
	var list []string
	for _, api := range o.APIs {
		list = append(list, api.Paths...)
	}
	return list
}

// namespaces lists the namespaces of Metadata, each once.
func (o *Options) namespaces() []string {
	var names []string
	for _, path := range o.Metadata {
		if !slices.Contains(names, path[0]) {
			names = append(names, path[0])
		}
	}
	return names
}

// A Report is the result of Examine.
type Report struct {
	// Examined names everything that was checked.
	Examined []string  `json:"examined"`
	Findings []Finding `json:"findings"`
}

// Count returns the number of findings of a severity.
func (r *Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Examine runs every check. The report lists errors before warnings, and each
// finding once.
func Examine(s *Snapshot, o Options) *Report {
	o.LongestAnswer = cmp.Or(o.LongestAnswer, DefaultLongestAnswer)
	e := &examination{Snapshot: s, Options: o, extProcs: s.extProcs(o.Cluster)}
	report := &Report{Examined: e.examined(), Findings: []Finding{}}
	for _, c := range checks() {
		for _, found := range c.find(e) {
			finding := Finding{ID: c.id, Severity: c.severity, Where: found.where, Problem: found.problem, Fix: c.fix}
			if !slices.Contains(report.Findings, finding) {
				report.Findings = append(report.Findings, finding)
			}
		}
	}
	slices.SortStableFunc(report.Findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	return report
}

// An examination is the input of a check.
type examination struct {
	*Snapshot
	Options
	extProcs []extProc
}

func (e *examination) examined() []string {
	list := []string{"Envoy " + cmp.Or(e.Version, "of unknown version")}
	for _, p := range e.extProcs {
		list = append(list, p.where()+" calls "+target(p.config.GetGrpcService()))
	}
	if e.AWS != nil {
		list = append(list, e.AWS.examined()...)
	}
	return list
}

// An observation is the part of a finding that differs between the findings of
// one check.
type observation struct{ where, problem string }

// observe returns a list with one observation.
func observe(where, format string, args ...any) []observation {
	return []observation{{where, fmt.Sprintf(format, args...)}}
}
