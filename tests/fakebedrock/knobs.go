package fakebedrock

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	headerPrefix   = "X-Fake-"
	metadataPrefix = "fake."
)

// A Knob lets a request ask for a behaviour.
type Knob struct {
	Name  string // fault: X-Fake-Fault, fake.fault, #fault=
	Value string // what it takes
	Does  string
	set   func(*asked, string) error
}

// asked is what the knobs of one request ask for.
type asked struct {
	Behaviour
	fault   string // fault, with the values below, is resolved last
	message string
	at      *int
	times   int
	region  string
}

// Knobs returns all knobs, by name.
func Knobs() []Knob {
	return []Knob{
		{"at", "number", "events before the fault; makes an exception strike inside the stream (0: as its first frame)", func(a *asked, v string) error {
			n, err := count(v)
			a.at = &n
			return err
		}},
		{"close", "true", "close the connection after the response", func(a *asked, v string) (err error) {
			a.CloseConnection, err = strconv.ParseBool(v)
			return err
		}},
		{"delay", "duration", "wait before the status", func(a *asked, v string) (err error) {
			a.Delay, err = time.ParseDuration(v)
			return err
		}},
		{"fault", "name", "what goes wrong: a Fault, an exception (throttling), or one of " + strings.Join(httpFaults(), ", "), func(a *asked, v string) error {
			a.fault = v
			return nil
		}},
		{"message", "text", "the message of the exception", func(a *asked, v string) error {
			a.message = v
			return nil
		}},
		{"pace", "duration", "wait between tokens", func(a *asked, v string) (err error) {
			a.Pace, err = time.ParseDuration(v)
			if a.Pace == 0 {
				a.Pace = -1
			}
			return err
		}},
		{"region", "name", "fault only calls that are signed for this region", func(a *asked, v string) error {
			a.region = v
			return nil
		}},
		{"show", "names", "add kinds of content: " + strings.Join(shows(), ", "), func(a *asked, v string) error {
			a.Show = strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
			for _, name := range a.Show {
				if !slices.Contains(shows(), name) {
					return fmt.Errorf("%q is none of %s", name, strings.Join(shows(), ", "))
				}
			}
			return nil
		}},
		{"slow-head", "duration", "wait between the bytes of status and headers", func(a *asked, v string) (err error) {
			a.SlowHead, err = time.ParseDuration(v)
			return err
		}},
		{"split", "number", "write the body in pieces of so many bytes", func(a *asked, v string) (err error) {
			a.SplitWrites, err = count(v)
			return err
		}},
		{"stop-reason", "word", "the reply's stopReason", func(a *asked, v string) error {
			a.StopReason = v
			return nil
		}},
		{"text", "text", "what to say", func(a *asked, v string) error {
			a.Text = v
			return nil
		}},
		{"times", "number", "fault only the first so many attempts: those of one Amz-Sdk-Invocation-Id, else of the same path and body", func(a *asked, v string) (err error) {
			a.times, err = count(v)
			return err
		}},
		{"tokens", "number", "answer with a text of so many tokens", func(a *asked, v string) (err error) {
			a.Tokens, err = count(v)
			return err
		}},
	}
}

// count reads a number that is not negative.
func count(v string) (int, error) {
	n, err := strconv.ParseUint(v, 10, 31)
	return int(n), err
}

// ask finds the knobs of a request and sets Asked and ModelID. A knob that means
// nothing refuses the call: a typo must not look like a pass.
func (s *Server) ask(r *Request) *Exception {
	knobs := s.knobs(r)
	var a asked
	for _, k := range Knobs() {
		v, ok := knobs[k.Name]
		if !ok {
			continue
		}
		delete(knobs, k.Name)
		if err := k.set(&a, v); err != nil {
			return exceptionNamed("ValidationException", fmt.Sprintf("fakebedrock: knob %s does not take %q: %v", k.Name, v, err))
		}
	}
	for name := range knobs {
		return exceptionNamed("ValidationException", fmt.Sprintf("fakebedrock: there is no knob %q", name))
	}
	if a.fault != "" && a.applies(s, r) {
		if err := a.resolve(); err != nil {
			return exceptionNamed("ValidationException", "fakebedrock: "+err.Error())
		}
	}
	r.Asked = a.Behaviour
	return nil
}

// applies says whether the fault is meant for this attempt.
func (a *asked) applies(s *Server, r *Request) bool {
	if a.region != "" && a.region != r.Region {
		return false
	}
	return a.times == 0 || s.faults.attempt(r) <= a.times
}

// resolve turns the fault's name into behaviour.
func (a *asked) resolve() error {
	if a.at != nil {
		a.After = *a.at
	}
	if slices.Contains(Faults(), Fault(a.fault)) {
		a.Fault = Fault(a.fault)
		if a.Fault == FaultException {
			a.Exception = exceptionNamed("InternalServerException", a.message)
		}
		return nil
	}
	if a.resolveHTTP() {
		return nil
	}
	e, ok := NewException(a.fault, a.message)
	if !ok {
		return fmt.Errorf("there is no fault %q", a.fault)
	}
	a.Exception = e
	if a.at != nil {
		a.Fault = FaultException
	}
	return nil
}

// knobs gathers the knobs of a request, the weaker first.
func (s *Server) knobs(r *Request) map[string]string {
	all := map[string]string{}
	maps.Copy(all, s.config.Knobs)
	if s.config.IgnoreKnobs {
		return all
	}
	if id, query, ok := strings.Cut(r.ModelID, "#"); ok {
		r.ModelID = id
		for pair := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if plain, err := url.QueryUnescape(value); err == nil {
				value = plain
			}
			all[name] = value
		}
	}
	for name, value := range r.Converse.RequestMetadata {
		if knob, ok := strings.CutPrefix(name, metadataPrefix); ok {
			all[knob] = value
		}
	}
	for name, values := range r.Header {
		if knob, ok := strings.CutPrefix(name, headerPrefix); ok && len(values) > 0 {
			all[strings.ToLower(knob)] = values[0]
		}
	}
	return all
}

// Faults returns the faults, in the order of their constants.
func Faults() []Fault {
	return []Fault{
		FaultCut, FaultCutFrame, FaultReset, FaultEnd, FaultEndFrame, FaultStall,
		FaultPreludeCRC, FaultMessageCRC, FaultNoType, FaultBadJSON, FaultException, FaultErrorMessage,
		FaultUnknownEvent, FaultUnknownDelta, FaultUnknownBlock, FaultNoStop, FaultNoMetadata,
	}
}

// httpFaults are the values of the knob that are answers without Bedrock.
func httpFaults() []string {
	return []string{"hang", "html-502", "bare-429", "empty-200", "json-200"}
}

func (a *asked) resolveHTTP() bool {
	const html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
	switch a.fault {
	case "hang":
		a.Hang = true
	case "html-502":
		a.HTTP = &HTTPAnswer{Status: http.StatusBadGateway, Header: http.Header{"Content-Type": {"text/html"}}, Body: html}
	case "bare-429":
		a.HTTP = &HTTPAnswer{Status: http.StatusTooManyRequests}
	case "empty-200":
		a.HTTP = &HTTPAnswer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
	case "json-200":
		a.HTTP = &HTTPAnswer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: cmp.Or(a.message, `{}`)}
	default:
		return false
	}
	return true
}
