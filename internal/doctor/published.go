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
	"google.golang.org/protobuf/types/known/structpb"
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
	// headerNamespace is the default of header_to_metadata.
	headerNamespace = httpFilters + "header_to_metadata"
)

// A publication is dynamic metadata that a filter writes. The key "" stands for any
// key. The value of an object is one of its members.
type publication struct {
	namespace, key string
	object         bool
}

func (w publication) String() string {
	if w.object {
		return w.namespace + "/" + w.key + "/CLAIM"
	}
	return w.namespace + "/" + w.key
}

// has reports whether the publication may have a value at a path.
func (w publication) has(path []string) bool {
	return w.namespace == path[0] && (w.key == "" || len(path) > 1 && w.key == path[1] && (!w.object || len(path) > 2))
}

func unpublished(e *examination, p *extProc) []observation {
	var found []observation
	for _, path := range e.Metadata {
		if problem := e.whyMissing(p, path); problem != "" {
			found = append(found, observe(p.where(), "identity reads %s, but %s", strings.Join(path, "/"), problem)...)
		}
	}
	return found
}

// whyMissing says why no filter before ext_proc writes a value at a path; "" if one may.
func (e *examination) whyMissing(p *extProc, path []string) string {
	var writers []string
	for _, f := range p.before() {
		if !p.inUse(f) {
			continue
		}
		var keys []string
		for _, w := range e.publications(f) {
			if w.has(path) {
				return ""
			}
			if w.namespace == path[0] {
				keys = append(keys, w.String())
			}
		}
		if keys != nil || httpFilters+e.kind(f) == path[0] {
			writers = append(writers, fmt.Sprintf("filter %q writes %s", f.GetName(), cmp.Or(strings.Join(keys, ", "), "nothing there")))
		}
	}
	if writers == nil && strings.HasPrefix(path[0], httpFilters) {
		return "no filter before ext_proc writes " + path[0]
	}
	return strings.Join(writers, ", ") // Lua, Wasm and listener filters can write any namespace
}

// publications returns what a filter writes for requests.
func (e *examination) publications(f *hcmv3.HttpFilter) []publication {
	config, kind := e.filterConfig(f), e.kind(f)
	if c, ok := unpack[jwtv3.JwtAuthentication](config); ok {
		var list []publication
		for _, name := range slices.Sorted(maps.Keys(c.GetProviders())) {
			list = append(list, ofProvider(c.GetProviders()[name])...)
		}
		return list
	}
	if c, ok := unpack[headerv3.Config](config); ok {
		return ofHeaders(c)
	}
	if c, ok := unpack[jsonv3.JsonToMetadata](config); ok {
		return ofBody(c)
	}
	if c, ok := unpack[setv3.Config](config); ok {
		return ofConstants(c)
	}
	return []publication{{namespace: httpFilters + kind}, {namespace: f.GetName()}}
}

// ofProvider returns what jwt_authn writes for callers of a provider. The namespace does
// not depend on the filter's name.
func ofProvider(p *jwtv3.JwtProvider) []publication {
	var list []publication
	for _, key := range []string{p.GetPayloadInMetadata(), p.GetHeaderInMetadata(), p.GetFailedStatusInMetadata()} {
		if key != "" {
			list = append(list, publication{jwtNamespace, key, true})
		}
	}
	return list
}

func ofHeaders(c *headerv3.Config) []publication {
	var list []publication
	for _, rule := range c.GetRequestRules() {
		for _, pair := range []*headerv3.Config_KeyValuePair{rule.GetOnHeaderPresent(), rule.GetOnHeaderMissing()} {
			if pair != nil {
				list = append(list, publication{namespace: cmp.Or(pair.GetMetadataNamespace(), headerNamespace), key: cmp.Or(pair.GetKey(), rule.GetHeader())})
			}
		}
	}
	return list
}

func ofBody(c *jsonv3.JsonToMetadata) []publication {
	var list []publication
	for _, rule := range c.GetRequestRules().GetRules() {
		for _, pair := range []*jsonv3.JsonToMetadata_KeyValuePair{rule.GetOnPresent(), rule.GetOnMissing(), rule.GetOnError()} {
			if pair != nil {
				list = append(list, publication{namespace: cmp.Or(pair.GetMetadataNamespace(), httpFilters+"json_to_metadata"), key: pair.GetKey()})
			}
		}
	}
	return list
}

// ofConstants leaves out typed metadata, which identity does not read.
func ofConstants(c *setv3.Config) []publication {
	var list []publication
	add := func(namespace string, value *structpb.Struct) {
		for _, key := range slices.Sorted(maps.Keys(value.GetFields())) {
			list = append(list, publication{namespace: namespace, key: key})
		}
	}
	for _, m := range c.GetMetadata() {
		add(m.GetMetadataNamespace(), m.GetValue())
	}
	add(c.GetMetadataNamespace(), c.GetValue()) //nolint:staticcheck // deprecated, but old configurations use it
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
				if !slices.ContainsFunc(ofProvider(config.GetProviders()[name]), func(w publication) bool { return w.has(path) }) {
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
