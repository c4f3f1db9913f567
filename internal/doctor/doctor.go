// Package doctor looks at what an Envoy runs, and says what is wrong with the
// place of the sidecar in it, and how to mend it.
//
// A Snapshot is what is known: read from Envoy's admin interface or from a saved
// dump of its configuration, and from the AWS environment. Examine holds it to a
// table of checks; docs/doctor.md is written from the same table.
package doctor

//go:generate go test . -run TestPage -update

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Severity says how bad a finding is.
type Severity string

const (
	// Error is what makes calls fail, or lets in who must stay out.
	Error Severity = "error"
	// Warning is what goes wrong under load or in some cases, or is only useless.
	Warning Severity = "warning"
)

// A Finding is one thing that is wrong.
type Finding struct {
	// ID is the check's name, which does not change.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Where names the listener, filter, route or cluster.
	Where   string `json:"where"`
	Problem string `json:"problem"`
	Fix     string `json:"fix"`
}

// DefaultLongestAnswer is Envoy's own default for a request on which nothing
// moves.
const DefaultLongestAnswer = 5 * time.Minute

// Options say what the sidecar needs of Envoy. Their zero value takes every
// ext_proc filter for the sidecar's.
type Options struct {
	// Cluster is the cluster that the filter calls; "" means any.
	Cluster string
	// LongestAnswer is how long an answer may take; 0 means DefaultLongestAnswer.
	LongestAnswer time.Duration
	// Paths are those of model calls.
	Paths []string
	// Namespaces of dynamic metadata, Attributes and InitialMetadata, names of gRPC
	// initial metadata, are what the sidecar's configuration reads of a caller.
	Namespaces, Attributes, InitialMetadata []string
}

// A Report is what an examination found.
type Report struct {
	// Examined names what was looked at.
	Examined []string  `json:"examined"`
	Findings []Finding `json:"findings"`
}

// Count is the number of findings of a severity.
func (r *Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Examine runs every check. Errors come first.
func Examine(s *Snapshot, o Options) *Report {
	o.LongestAnswer = cmp.Or(o.LongestAnswer, DefaultLongestAnswer)
	e := &examination{Snapshot: s, Options: o, places: s.places(o.Cluster)}
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

// An examination is what a check can look at.
type examination struct {
	*Snapshot
	Options
	places []place
}

func (e *examination) examined() []string {
	list := []string{"Envoy " + cmp.Or(e.Version, "of unknown version")}
	for _, p := range e.places {
		list = append(list, p.where()+" calls "+target(p.config.GetGrpcService()))
	}
	if e.AWS != nil {
		list = append(list, e.AWS.examined()...)
	}
	return list
}

// An observation is a finding without what all findings of a check share.
type observation struct{ where, problem string }

// observe makes a list of one, where there is a problem.
func observe(where, format string, args ...any) []observation {
	return []observation{{where, fmt.Sprintf(format, args...)}}
}
