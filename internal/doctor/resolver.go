package doctor

import (
	"errors"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// lenient reads what an Envoy of any version and build prints: members and
// extensions that are not known here are left out.
var lenient = protojson.UnmarshalOptions{DiscardUnknown: true, Resolver: resolver{protoregistry.GlobalTypes}}

// resolver finds a message for every type URL. Of one that is not known, the URL
// is all that is kept.
type resolver struct{ *protoregistry.Types }

// FindMessageByURL implements the resolver of protojson.
func (r resolver) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	found, err := r.Types.FindMessageByURL(url)
	if errors.Is(err, protoregistry.NotFound) {
		// A message without members takes, and forgets, any.
		return (*matcherv3.ValueMatcher_NullMatch)(nil).ProtoReflect().Type(), nil
	}
	return found, err
}
