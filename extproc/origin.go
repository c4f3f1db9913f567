package extproc

import (
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
)

// An Origin has what Envoy knows about a request besides the request itself. Clients
// cannot write any of it, so it can be trusted; headers cannot. It is valid only
// during the call that it is passed to, and not safe for concurrent use.
//
// Values are texts: a number or a boolean as JSON writes it, a list as the texts of
// its items. A value that is missing, null or an object has none.
type Origin interface {
	// Metadata is a value of the dynamic metadata, such as a claim: path is a
	// namespace, then keys. The filter must list the namespace in
	// metadata_options.forwarding_namespaces.untyped.
	Metadata(path []string) []string
	// Attribute is a request attribute such as
	// "connection.uri_san_peer_certificate". The filter must list it in
	// request_attributes.
	Attribute(name string) []string
	// InitialMetadata is gRPC initial metadata, which the filter or a route sets by
	// grpc_initial_metadata.
	InitialMetadata(name string) []string
	// InitialNames ranges over the names of all gRPC initial metadata, in lower case.
	InitialNames() iter.Seq[string]
}

// origin implements Origin.
type origin struct {
	dynamic    structs
	attributes structs
	initial    metadata.MD
}

func (x *exchange) origin() origin {
	md, _ := metadata.FromIncomingContext(x.stream.Context())
	return origin{dynamic: x.req.metadata, attributes: x.req.attributes, initial: md}
}

func (o origin) Metadata(path []string) []string {
	if len(path) < 2 {
		return nil
	}
	at := o.dynamic.get(path[0])
	for _, key := range path[1 : len(path)-1] {
		at = at.GetFields()[key].GetStructValue()
	}
	return texts(at.GetFields()[path[len(path)-1]])
}

func (o origin) InitialNames() iter.Seq[string] { return maps.Keys(o.initial) }

func (o origin) Attribute(name string) []string {
	for i := range o.attributes { // of each filter
		if found := texts(o.attributes[i].get().GetFields()[name]); found != nil {
			return found
		}
	}
	return nil
}

func (o origin) InitialMetadata(name string) []string {
	return slices.DeleteFunc(slices.Clone(o.initial.Get(name)), func(text string) bool { return text == "" })
}

// texts returns the texts of a value, without empty ones.
func texts(v *structpb.Value) []string {
	switch kind := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		if kind.StringValue != "" {
			return []string{kind.StringValue}
		}
	case *structpb.Value_NumberValue:
		if math.Abs(kind.NumberValue) < 1<<53 { // false for NaN
			return []string{number(kind.NumberValue)}
		}
		// Envoy has rounded it, so that two callers may have the same number.
	case *structpb.Value_BoolValue:
		return []string{strconv.FormatBool(kind.BoolValue)}
	case *structpb.Value_ListValue:
		var all []string
		for _, item := range kind.ListValue.GetValues() {
			all = append(all, texts(item)...)
		}
		return all
	}
	return nil
}

// number writes whole numbers below 2^53, which most claims are, without an exponent.
func number(n float64) string {
	if n == math.Trunc(n) {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}
