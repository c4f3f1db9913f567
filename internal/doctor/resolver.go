package doctor

import (
	"errors"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// lenient decodes dumps of any Envoy version and build. It ignores unknown members
// and extensions.
var lenient = protojson.UnmarshalOptions{DiscardUnknown: true, Resolver: resolver{protoregistry.GlobalTypes}}

// resolver finds a message type for every type URL. For an unknown type, only the
// URL is kept.
type resolver struct{ *protoregistry.Types }

// FindMessageByURL implements protojson's resolver.
func (r resolver) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	found, err := r.Types.FindMessageByURL(url)
	if errors.Is(err, protoregistry.NotFound) {
		// An empty message accepts any members and drops them.
		return (*matcherv3.ValueMatcher_NullMatch)(nil).ProtoReflect().Type(), nil
	}
	return found, err
}
