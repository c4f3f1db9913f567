package doctor

import "slices"

// A check looks for one thing that goes wrong.
type check struct {
	id       string
	severity Severity
	// finds says what it looks for, for docs/doctor.md.
	finds string
	// fix says how to mend it.
	fix  string
	find func(*examination) []observation
}

// checks are all there are, in the order in which one would look.
func checks() []check {
	return slices.Concat(
		versionChecks(), configurationChecks(), presenceChecks(), modeChecks(), requestChecks(), filterChecks(), identityChecks(),
		timeoutChecks(), orderChecks(), rateLimitChecks(), routeChecks(), clusterChecks(), statChecks(), awsChecks(),
	)
}

// eachSetting runs a check of the filter's configuration, and of what routes make
// of it where that is wrong in another way.
func eachSetting(find func(*examination, setting) string) func(*examination) []observation {
	return func(e *examination) []observation {
		var found []observation
		for _, p := range e.places {
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

// eachPlace runs a check of the surroundings of each filter.
func eachPlace(find func(*examination, *place) []observation) func(*examination) []observation {
	return func(e *examination) []observation {
		var found []observation
		for i := range e.places {
			found = append(found, find(e, &e.places[i])...)
		}
		return found
	}
}
