package fakebedrock

import (
	"cmp"
	"encoding/base64"
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

	// base64Suffix marks a value in base64, for characters that requestMetadata does not
	// allow: fake.text.base64.
	base64Suffix = ".base64"
)

// A Knob is a setting with which a request controls its Behaviour.
type Knob struct {
	Name  string // such as fault: X-Fake-Fault, fake.fault, #fault=
	Value string // the kind of value
	Does  string // the effect
	set   func(*knobValues, string) error
}

// knobValues are the values of one request's knobs.
type knobValues struct {
	Behaviour
	fault   string // resolved last, with the values below
	message string
	at      *int
	times   int
	region  string
}

// Knobs returns all knobs, sorted by name.
func Knobs() []Knob {
	return []Knob{
		{"at", "number", "events before the fault; sends an exception inside the stream (0: as its first frame)", func(a *knobValues, v string) error {
			n, err := count(v)
			a.at = &n
			return err
		}},
		{"close", "true", "close the connection after the response", func(a *knobValues, v string) (err error) {
			a.CloseConnection, err = strconv.ParseBool(v)
			return err
		}},
		{"delay", "duration", "time before the status", func(a *knobValues, v string) (err error) {
			a.Delay, err = time.ParseDuration(v)
			return err
		}},
		{"fault", "name", "a fault below, an exception (throttling), or one of " + strings.Join(httpFaults(), ", "), func(a *knobValues, v string) error {
			a.fault = v
			return nil
		}},
		{"message", "text", "message of the exception", func(a *knobValues, v string) error {
			a.message = v
			return nil
		}},
		{"pace", "duration", "time between tokens", func(a *knobValues, v string) (err error) {
			a.Pace, err = time.ParseDuration(v)
			if a.Pace == 0 {
				a.Pace = -1
			}
			return err
		}},
		{"reasoning", "text", "text of a signed thought before the answer", func(a *knobValues, v string) error {
			a.Reasoning = v
			return nil
		}},
		{"region", "name", "apply the fault only to calls signed for this region", func(a *knobValues, v string) error {
			a.region = v
			return nil
		}},
		{"show", "names", "add kinds of content: " + strings.Join(shows(), ", "), func(a *knobValues, v string) error {
			a.Show = strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
			for _, name := range a.Show {
				if !slices.Contains(shows(), name) {
					return fmt.Errorf("%q is not one of %s", name, strings.Join(shows(), ", "))
				}
			}
			return nil
		}},
		{"slow-head", "duration", "time between the bytes of status and headers", func(a *knobValues, v string) (err error) {
			a.SlowHead, err = time.ParseDuration(v)
			return err
		}},
		{"split", "number", "write the body in pieces of this many bytes", func(a *knobValues, v string) (err error) {
			a.SplitWrites, err = count(v)
			return err
		}},
		{"stop-reason", "word", "stopReason of the reply", func(a *knobValues, v string) error {
			a.StopReason = v
			return nil
		}},
		{"text", "text", "text of the answer", func(a *knobValues, v string) error {
			a.Text = v
			return nil
		}},
		{"times", "number", "apply the fault only to this many attempts of a call (same Amz-Sdk-Invocation-Id, or else same path and body)", func(a *knobValues, v string) (err error) {
			a.times, err = count(v)
			return err
		}},
		{"tokens", "number", "answer with a text of this many tokens", func(a *knobValues, v string) (err error) {
			a.Tokens, err = count(v)
			return err
		}},
	}
}

// count parses a non-negative number.
func count(v string) (int, error) {
	n, err := strconv.ParseUint(v, 10, 31)
	return int(n), err
}

// readKnobs reads the knobs of a request and sets Asked and ModelID. Unknown knobs and
// values reject the call, so that a typo does not go unnoticed.
func (s *Server) readKnobs(r *Request) *Exception {
	knobs := s.knobs(r)
	if err := decodeBase64(knobs); err != nil {
		return exceptionNamed("ValidationException", "fakebedrock: "+err.Error())
	}
	var a knobValues
	for _, k := range Knobs() {
		v, ok := knobs[k.Name]
		if !ok {
			continue
		}
		delete(knobs, k.Name)
		if err := k.set(&a, v); err != nil {
			return exceptionNamed("ValidationException", fmt.Sprintf("fakebedrock: invalid value %q of knob %s: %v", v, k.Name, err))
		}
	}
	for name := range knobs {
		return exceptionNamed("ValidationException", fmt.Sprintf("fakebedrock: unknown knob %q", name))
	}
	if a.fault != "" && a.applies(s, r) {
		if err := a.resolve(); err != nil {
			return exceptionNamed("ValidationException", "fakebedrock: "+err.Error())
		}
	}
	r.Asked = a.Behaviour
	return nil
}

// applies reports whether the fault applies to this attempt, which it counts if the
// knob times is set.
func (a *knobValues) applies(s *Server, r *Request) bool {
	if a.region != "" && a.region != r.Region {
		return false
	}
	return a.times == 0 || s.faults.attempt(r) <= a.times
}

// resolve sets the Behaviour for the fault's name.
func (a *knobValues) resolve() error {
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
		return fmt.Errorf("unknown fault %q", a.fault)
	}
	a.Exception = e
	if a.at != nil {
		a.Fault = FaultException
	}
	return nil
}

// knobs returns the values of a request's knobs. It removes them from r.ModelID.
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

// decodeBase64 replaces each value in base64 by the value itself, under the knob's name.
func decodeBase64(knobs map[string]string) error {
	for name, value := range maps.Clone(knobs) {
		knob, ok := strings.CutSuffix(name, base64Suffix)
		if !ok {
			continue
		}
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return fmt.Errorf("invalid value %q of knob %s: %w", value, name, err)
		}
		delete(knobs, name)
		knobs[knob] = string(decoded)
	}
	return nil
}

// Faults returns the faults, in the order of their constants.
func Faults() []Fault {
	return []Fault{
		FaultCut, FaultCutFrame, FaultReset, FaultEnd, FaultEndFrame, FaultStall,
		FaultPreludeCRC, FaultMessageCRC, FaultNoType, FaultBadJSON, FaultException, FaultErrorMessage,
		FaultUnknownEvent, FaultUnknownDelta, FaultUnknownBlock, FaultNoStop, FaultNoMetadata,
	}
}

// httpFaults are the values of the knob fault that replace Bedrock's response.
func httpFaults() []string {
	return []string{"hang", "html-502", "bare-429", "empty-200", "json-200"}
}

func (a *knobValues) resolveHTTP() bool {
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
