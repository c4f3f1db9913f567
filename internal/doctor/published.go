package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
	jsonv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/json_to_metadata/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	setv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_metadata/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// publishedChecks compare the dynamic metadata that identity reads with what the
// filters before ext_proc write.
func publishedChecks() []check {
	return []check{
		{
			"identity-unpublished", Error,
			"`bedrock_extproc.identity` (-config) reads dynamic metadata that no filter before ext_proc writes: the value is always missing",
			"Make the two agree: payload_in_metadata of the jwt_authn provider, or the key of the other filter, is the second item of identity's metadata path.",
			eachFilter(unpublished),
		},
		{
			"identity-partly-published", Warning,
			"`bedrock_extproc.identity` (-config) reads dynamic metadata that only some providers of jwt_authn write: the value is missing for callers of the others",
			"Set the same payload_in_metadata in every provider whose callers may call models.",
			eachFilter(partlyPublished),
		},
	}
}

const (
	httpFilters  = "envoy.filters.http."
	jwtNamespace = httpFilters + "jwt_authn"
)

// A publication is dynamic metadata that a filter writes. The key "" stands for any
// key.
type publication struct{ namespace, key string }

func unpublished(e *examination, p *extProc) []observation {
	var found []observation
	for _, path := range e.Metadata {
		var writers []string
		written, source := false, ""
		for _, f := range p.before() {
			if !p.inUse(f) {
				continue
			}
			list := e.publications(f)
			written = written || slices.ContainsFunc(list, func(w publication) bool {
				return w.namespace == path[0] && (w.key == "" || len(path) > 1 && w.key == path[1])
			})
			if keys := keysOf(list, path[0]); keys != nil || httpFilters+e.kind(f) == path[0] {
				writers = append(writers, fmt.Sprintf("filter %q writes %s", f.GetName(), cmp.Or(strings.Join(keys, ", "), "nothing there")))
			}
		}
		switch {
		case written:
			continue
		case writers != nil:
			source = strings.Join(writers, ", ")
		case strings.HasPrefix(path[0], httpFilters):
			source = "no filter before ext_proc writes " + path[0]
		default:
			continue // Lua, Wasm and listener filters can write any namespace
		}
		found = append(found, observe(p.where(), "identity reads %s, but %s", strings.Join(path, "/"), source)...)
	}
	return found
}

// keysOf returns namespace/key of the publications in a namespace.
func keysOf(list []publication, namespace string) []string {
	var keys []string
	for _, w := range list {
		if w.namespace == namespace {
			keys = append(keys, w.namespace+"/"+w.key)
		}
	}
	return keys
}

// publications returns what a filter writes for requests.
func (e *examination) publications(f *hcmv3.HttpFilter) []publication {
	config, kind := e.filterConfig(f), e.kind(f)
	var list []publication
	switch kind {
	case "jwt_authn":
		if c, ok := unpack[jwtv3.JwtAuthentication](config); ok {
			for _, name := range slices.Sorted(maps.Keys(c.GetProviders())) {
				list = append(list, written(c.GetProviders()[name])...)
			}
			return list
		}
	case "header_to_metadata":
		if c, ok := unpack[headerv3.Config](config); ok {
			for _, rule := range c.GetRequestRules() {
				for _, pair := range []*headerv3.Config_KeyValuePair{rule.GetOnHeaderPresent(), rule.GetOnHeaderMissing()} {
					if pair != nil {
						list = append(list, publication{cmp.Or(pair.GetMetadataNamespace(), "envoy.lb"), cmp.Or(pair.GetKey(), rule.GetHeader())})
					}
				}
			}
			return list
		}
	case "json_to_metadata":
		if c, ok := unpack[jsonv3.JsonToMetadata](config); ok {
			for _, rule := range c.GetRequestRules().GetRules() {
				for _, pair := range []*jsonv3.JsonToMetadata_KeyValuePair{rule.GetOnPresent(), rule.GetOnMissing(), rule.GetOnError()} {
					if pair != nil {
						list = append(list, publication{cmp.Or(pair.GetMetadataNamespace(), httpFilters+kind), pair.GetKey()})
					}
				}
			}
			return list
		}
	case "set_metadata":
		if c, ok := unpack[setv3.Config](config); ok {
			for _, m := range c.GetMetadata() {
				if m.GetTypedValue() != nil {
					continue // identity does not read typed metadata
				}
				for _, key := range slices.Sorted(maps.Keys(m.GetValue().GetFields())) {
					list = append(list, publication{m.GetMetadataNamespace(), key})
				}
			}
			for _, key := range slices.Sorted(maps.Keys(c.GetValue().GetFields())) { //nolint:staticcheck // deprecated, but old configurations use it
				list = append(list, publication{c.GetMetadataNamespace(), key}) //nolint:staticcheck // see above
			}
			return list
		}
	}
	return []publication{{httpFilters + kind, ""}, {f.GetName(), ""}}
}

// written returns what jwt_authn writes for callers of a provider.
func written(p *jwtv3.JwtProvider) []publication {
	var list []publication
	for _, key := range []string{p.GetPayloadInMetadata(), p.GetHeaderInMetadata(), p.GetFailedStatusInMetadata()} {
		if key != "" {
			list = append(list, publication{jwtNamespace, key})
		}
	}
	return list
}

func partlyPublished(e *examination, p *extProc) []observation {
	var found []observation
	for _, f := range p.before() {
		config, ok := unpack[jwtv3.JwtAuthentication](e.filterConfig(f))
		if !ok || !p.inUse(f) {
			continue
		}
		for _, path := range e.Metadata {
			var lacking []string
			for _, name := range slices.Sorted(maps.Keys(config.GetProviders())) {
				if len(path) > 1 && !slices.Contains(written(config.GetProviders()[name]), publication{path[0], path[1]}) {
					lacking = append(lacking, fmt.Sprintf("%q", name))
				}
			}
			if path[0] == jwtNamespace && len(lacking) > 0 && len(lacking) < len(config.GetProviders()) {
				found = append(found, observe(p.where(), "identity reads %s, but providers %s of filter %q do not write it", strings.Join(path, "/"), strings.Join(lacking, ", "), f.GetName())...)
			}
		}
	}
	return found
}
