package doctor

import "slices"

// A check looks for one kind of mistake. docs/doctor.md is generated from id,
// severity, finds and fix.
type check struct {
	id       string
	severity Severity
	finds    string // the problem that it reports, as a phrase
	fix      string // how to fix it, as a sentence
	find     func(*examination) []observation
}

// checks returns all checks, in the order of the report and of docs/doctor.md.
func checks() []check {
	return slices.Concat(
		versionChecks(), configurationChecks(), presenceChecks(), modeChecks(), requestChecks(), filterChecks(), overrideChecks(), routeSettingChecks(),
		identityChecks(), publishedChecks(),
		timeoutChecks(), orderChecks(), rateLimitChecks(), corsChecks(), routeChecks(), clusterChecks(), statChecks(), awsChecks(),
	)
}

// eachSetting applies find to the filter's own configuration and to every route's
// override of it. A route that has the same problem as the filter is not reported
// again.
func eachSetting(find func(*examination, setting) string) func(*examination) []observation {
	return func(e *examination) []observation {
		var found []observation
		for _, p := range e.extProcs {
			var first string
			for i, s := range p.settings {
				problem := find(e, s)
				if i == 0 {
					first = problem
				}
				if problem != "" && (i == 0 || problem != first) {
					found = append(found, observation{s.where, problem})
				}
			}
		}
		return found
	}
}

// eachFilter applies find to each ext_proc filter.
func eachFilter(find func(*examination, *extProc) []observation) func(*examination) []observation {
	return func(e *examination) []observation {
		var found []observation
		for i := range e.extProcs {
			found = append(found, find(e, &e.extProcs[i])...)
		}
		return found
	}
}
