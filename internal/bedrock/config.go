package bedrock

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/translator"
)

// DefaultModel is asked for when neither the request nor the backend names a model.
const DefaultModel = "us.anthropic.claude-sonnet-4-20250514-v1:0"

// DefaultRegion is used when neither the backend nor the AWS environment names a
// region.
const DefaultRegion = "us-east-1"

// DefaultBackend is the name of the backend of an empty configuration.
const DefaultBackend = "default"

// A Config describes all backends. Its zero value is one backend, "default", with
// everything taken from the AWS environment.
type Config struct {
	// Backends in the order in which they are listed to clients. None means one
	// BackendConfig with the name "default".
	Backends []BackendConfig
	// Default names the backend for requests that name none. "" means the first.
	Default string
	// ServerCredentials says whether the sidecar's own AWS identity serves calls
	// without keys. The zero value is ServerFallback.
	ServerCredentials ServerCredentials
	// Transport sets up the connections that all backends share.
	Transport Transport
	// RoundTripper replaces those connections and Transport. It must not follow
	// redirects. nil means connections with the settings of Transport.
	RoundTripper http.RoundTripper
	// Retry says how often a failed call is repeated before the client gets the error.
	Retry Retry
	// CoolDown says how long a failing backend is skipped in favour of its fallbacks.
	CoolDown CoolDown
	// Limits bound how long a call may take, at backends without limits of their
	// own.
	Limits Limits
	// Log receives cool-downs, rejections by fallbacks, and the SDK's own warnings, for
	// example about credentials. nil logs nothing.
	Log *zap.Logger
	// AppID is added to the User-Agent, as "name/version" or "name". "" adds nothing.
	AppID string
}

// A BackendConfig is one place to send calls to. Only Name has no default.
type BackendConfig struct {
	// Name is what clients ask for in X-Provider-LLM or X-Provider.
	Name string
	// Region is called and signed for. "" means AWS_REGION, AWS_DEFAULT_REGION,
	// the profile's region, or DefaultRegion, in this order.
	Region string
	// DefaultModel serves requests that name no model. "" means the constant of
	// the same name.
	DefaultModel string
	// EndpointURL is the http or https URL of the service. "" means the SDK's
	// rules: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_ENDPOINT_URL, the profile, or
	// the region's public endpoint.
	EndpointURL string
	// FIPS and DualStack choose among the region's public endpoints: validated
	// cryptography, and IPv6 besides IPv4. false leaves it to AWS_USE_FIPS_ENDPOINT and
	// AWS_USE_DUALSTACK_ENDPOINT. Neither can be combined with EndpointURL.
	FIPS      bool
	DualStack bool
	// Identity is the sidecar's own at this backend. The zero value is the AWS
	// default chain.
	Identity awsauth.Identity
	// Models are names that clients may ask for and the model ids, or ARNs, that
	// they stand for here; see translator.NewAliases for patterns. A name that matches
	// none is sent as it is. As a fallback the backend also looks up the id that was
	// meant for the backend asked first.
	Models map[string]string
	// Fallback names the backends that are asked, in this order, when this one has
	// failed in all its attempts. Their own fallbacks are not followed, so two
	// backends may name each other. A call whose caller names a region has none.
	Fallback []string
	// Residency is a name for where data may go, such as "eu". All fallbacks of a
	// backend with a residency must have the same, and callers cannot choose another
	// region. "" means no restriction.
	Residency string
	// Limits are this backend's own. A field of 0 means that of Config.Limits. For
	// the whole call those of the backend asked first count.
	Limits Limits
}

// Transport holds the settings of HTTP connections. Zero fields have the defaults
// given here; a negative duration lifts the limit.
type Transport struct {
	// MaxIdleConnsPerHost is how many unused connections are kept. 0 means 1024,
	// a negative number none.
	MaxIdleConnsPerHost int
	// MaxConnsPerHost bounds HTTP/1.1 connections to one host; calls beyond it wait. 0
	// or a negative number means no limit.
	MaxConnsPerHost int
	// IdleConnTimeout closes connections that were unused for this long. 0 means 90 s.
	IdleConnTimeout time.Duration
	// DialTimeout bounds the TCP handshake. 0 means 5 s.
	DialTimeout time.Duration
	// TLSHandshakeTimeout bounds the TLS handshake. 0 means 5 s.
	TLSHandshakeTimeout time.Duration
	// PingAfter sends an HTTP/2 ping after this long without a frame, and closes a
	// connection that does not answer within 15 s. 0 means 30 s.
	PingAfter time.Duration
}

// withDefaults returns c with its list of backends, its default and its log filled in.
func (c Config) withDefaults() Config {
	if len(c.Backends) == 0 {
		c.Backends = []BackendConfig{{Name: DefaultBackend}}
	}
	if c.Default == "" {
		c.Default = c.Backends[0].Name
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	return c
}

// Check returns the problems of the settings themselves. New also finds those that
// depend on the environment.
func (c Config) Check() Problems {
	c = c.withDefaults()
	var problems Problems
	seen := map[string]bool{}
	for i, b := range c.Backends {
		if b.Name == "" {
			problems = append(problems, Problem{Text: fmt.Sprintf("backend %d has no name", i+1)})
		} else if seen[b.Name] {
			problems = append(problems, Problem{Backend: b.Name, Text: "is given twice"})
		}
		seen[b.Name] = true
		problems = append(problems, b.check()...)
	}
	if !seen[c.Default] {
		problems = append(problems, Problem{Key: "default", Text: fmt.Sprintf("there is no backend %q", c.Default)})
	}
	for _, b := range c.Backends {
		problems = append(problems, c.checkFallbacks(b)...)
	}
	return problems
}

func (c Config) checkFallbacks(b BackendConfig) Problems {
	var problems Problems
	for i, name := range b.Fallback {
		at := slices.IndexFunc(c.Backends, func(f BackendConfig) bool { return f.Name == name })
		var text string
		switch {
		case name == b.Name:
			text = "a backend cannot be its own fallback"
		case slices.Contains(b.Fallback[:i], name):
			text = fmt.Sprintf("%q is given twice", name)
		case at < 0:
			text = fmt.Sprintf("there is no other backend %q", name)
		case b.Residency != "" && c.Backends[at].Residency != b.Residency:
			text = fmt.Sprintf("%q has the residency %q, not %q", name, c.Backends[at].Residency, b.Residency)
		default:
			continue
		}
		problems = append(problems, Problem{Backend: b.Name, Key: fmt.Sprintf("fallback[%d]", i), Text: text})
	}
	return problems
}

// regionName is the form of AWS's region names, from the regular expressions of AWS's
// partitions (botocore 1.43.11, partitions.json).
var regionName = regexp.MustCompile(`^([a-z]{2}|eusc)(-[a-z]+)+-\d{1,2}$`)

// isRegion reports whether s can be the name of a region. It becomes part of a host name,
// so nothing else may pass. The SDK removes "fips" from a name, and then fails.
func isRegion(s string) bool {
	return len(s) <= 40 && regionName.MatchString(s) && !strings.Contains(s, "fips")
}

// aliasProblem says why no request can have a name of a model that matches an alias, or
// why another spelling is the same; "" if the alias is fine.
func aliasProblem(name string) string {
	switch {
	case strings.TrimSpace(name) != name, name == "":
		return "can never match: names of models in requests are read without the blanks around them, and an empty one means the default model"
	case strings.Contains(name, "**"):
		return "has two * in a row, which match the same as one: write one"
	case len(strings.ReplaceAll(name, "*", "")) > translator.MaxModelName && translator.IsPattern(name):
		return fmt.Sprintf("can never match: patterns are compared with names of at most %d bytes", translator.MaxModelName)
	}
	return ""
}

func (b BackendConfig) check() Problems {
	var problems Problems
	add := func(key, format string, args ...any) {
		problems = append(problems, Problem{Backend: b.Name, Key: key, Text: fmt.Sprintf(format, args...)})
	}
	if b.Region != "" && !isRegion(b.Region) {
		add("region", "%q is not the name of an AWS region", b.Region)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Models)) {
		if !translator.ValidModelID(b.Models[name]) {
			add("models."+name, "%q is not a model id", b.Models[name])
		}
		if text := aliasProblem(name); text != "" {
			add("models."+name, "%s", text)
		}
	}
	if b.DefaultModel != "" && !translator.ValidModelID(translator.NewAliases(b.Models).Model(b.DefaultModel)) || translator.IsPattern(b.DefaultModel) {
		add("default_model", "%q is not a model id", b.DefaultModel)
	}
	if b.EndpointURL != "" {
		u, err := url.Parse(b.EndpointURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			add("endpoint_url", "%q is not an http or https URL with a host", b.EndpointURL)
		}
		const conflict = "chooses among AWS's own endpoints and cannot be combined with endpoint_url"
		if b.FIPS {
			add("fips", conflict)
		}
		if b.DualStack {
			add("dual_stack", conflict)
		}
	}
	if role := b.Identity.RoleARN; !role.IsZero() {
		if !arn.IsARN(role.String()) {
			add("role_arn", "%q is not an ARN", role.String())
		}
		return problems
	}
	for _, s := range []struct {
		key   string
		given bool
	}{
		{"external_id", b.Identity.ExternalID != ""},
		{"session_name", !b.Identity.SessionName.IsZero()},
		{"session_tags", len(b.Identity.SessionTags) > 0},
	} {
		if s.given {
			add(s.key, "has no effect without role_arn")
		}
	}
	return problems
}
