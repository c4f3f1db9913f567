package doctor

import (
	"regexp"
	"slices"
	"strings"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// largestRequest is the size, in bytes, of a large chat request with images.
const largestRequest = 25 << 20

// requestChecks check that requests reach the sidecar complete.
func requestChecks() []check {
	return []check{
		{
			"forward-rules", Error,
			"forward_rules do not forward `:method` or `:path`, which the sidecar needs to find the endpoint",
			"List :method and :path in forward_rules.allowed_headers, or use disallowed_headers only.",
			eachSetting(func(_ *examination, s setting) string {
				var kept []string
				for _, name := range []string{":method", ":path"} {
					if !forwarded(s.config.GetForwardRules(), name) {
						kept = append(kept, name)
					}
				}
				return problemIf(kept != nil, "forward_rules do not forward "+strings.Join(kept, ", "))
			}),
		},
		{
			"buffer-limit", Warning,
			"a buffer limit below 25 MiB in BUFFERED mode: Envoy rejects larger requests with 413",
			"Use FULL_DUPLEX_STREAMED, which needs no large buffers, or raise per_connection_buffer_limit_bytes of the listener or request_body_buffer_limit of the routes.",
			eachFilter(bufferLimit),
		},
		{
			"escaped-slashes", Warning,
			"Envoy rejects or changes paths with escaped slashes, which the AWS SDKs send if the model is an ARN",
			"Set path_with_escaped_slashes_action: KEEP_UNCHANGED in the HTTP connection manager. Routes and filters such as rbac then match the escaped path.",
			eachFilter(escapedSlashes),
		},
	}
}

// isNative reports whether a path is one of Bedrock's own API, which has models in paths.
func isNative(path string) bool { return strings.HasPrefix(path, "/model/") }

// escapedSlashes finds connection managers that route Bedrock's own API to the sidecar, but
// not its ARNs.
func escapedSlashes(e *examination, p *extProc) []observation {
	switch action := p.manager.config.GetPathWithEscapedSlashesAction(); action {
	case hcmv3.HttpConnectionManager_KEEP_UNCHANGED, hcmv3.HttpConnectionManager_IMPLEMENTATION_SPECIFIC_DEFAULT:
		return nil // the default keeps them, too
	default:
		for host := range p.routing.GetVirtualHosts() {
			if slices.ContainsFunc(e.paths(), func(path string) bool { return isNative(path) && p.reaches(host, path) }) {
				return observe(p.manager.where, "path_with_escaped_slashes_action is %s", action)
			}
		}
		return nil
	}
}

func bufferLimit(_ *examination, p *extProc) []observation {
	if !slices.ContainsFunc(p.settings, buffered) || p.bufferSize == 0 || p.bufferSize >= largestRequest {
		return nil
	}
	for _, host := range p.routing.GetVirtualHosts() {
		if host.GetRequestBodyBufferLimit().GetValue() >= largestRequest {
			return nil
		}
		for _, r := range host.GetRoutes() {
			if r.GetRequestBodyBufferLimit().GetValue() >= largestRequest {
				return nil
			}
		}
	}
	return observe(p.manager.where, "per_connection_buffer_limit_bytes is %d", p.bufferSize)
}

// forwarded reports whether the rules forward a header.
func forwarded(rules *extprocv3.HeaderForwardingRules, name string) bool {
	if rules.GetAllowedHeaders() != nil && !matchesAny(rules.GetAllowedHeaders(), name) {
		return false
	}
	return !matchesAny(rules.GetDisallowedHeaders(), name)
}

func matchesAny(list *matcherv3.ListStringMatcher, text string) bool {
	return slices.ContainsFunc(list.GetPatterns(), func(m *matcherv3.StringMatcher) bool { return matchesText(m, text) })
}

func matchesText(m *matcherv3.StringMatcher, text string) bool {
	fold := func(pattern string) string {
		if m.GetIgnoreCase() {
			return strings.ToLower(pattern)
		}
		return pattern
	}
	switch by := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return text == fold(by.Exact)
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(text, fold(by.Prefix))
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(text, fold(by.Suffix))
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(text, fold(by.Contains))
	case *matcherv3.StringMatcher_SafeRegex:
		return matchesWhole(by.SafeRegex, text)
	default:
		return false
	}
}

// matchesWhole reports whether the pattern matches all of text, as in Envoy.
func matchesWhole(m *matcherv3.RegexMatcher, text string) bool {
	pattern, err := regexp.Compile("^(?:" + m.GetRegex() + ")$")
	return err == nil && pattern.MatchString(text)
}
