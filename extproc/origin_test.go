package extproc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

func structEntryOf(t *testing.T, name string, members map[string]any) structEntry {
	t.Helper()
	s, err := structpb.NewStruct(members)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return structEntry{raw: appendMessage(appendMessage(nil, keyField, []byte(name)), valueField, raw)}
}

func TestOrigin(t *testing.T) {
	o := origin{
		dynamic: structs{structEntryOf(t, "envoy.filters.http.jwt_authn", map[string]any{
			"payload": map[string]any{
				"sub": "ann", "groups": []any{"a", "", nil, 7}, "iat": 1790000000, "part": 0.5, "id": 9007199254740993, "admin": true, "none": nil, "empty": "",
				"deep": map[string]any{"a.b/c": "d"},
			},
		})},
		attributes: structs{structEntryOf(t, "envoy.filters.http.ext_proc", map[string]any{"source.principal": "spiffe://x"})},
		initial:    metadata.Pairs("tenant", "t", "tenant", "u", "blank", ""),
	}
	jwt := func(keys ...string) []string {
		return o.Metadata(append([]string{"envoy.filters.http.jwt_authn"}, keys...))
	}
	for name, c := range map[string]struct{ got, want []string }{
		"a claim":             {jwt("payload", "sub"), []string{"ann"}},
		"a list":              {jwt("payload", "groups"), []string{"a", "7"}},
		"a time":              {jwt("payload", "iat"), []string{"1790000000"}},
		"a rounded number":    {jwt("payload", "id"), nil},
		"a part":              {jwt("payload", "part"), []string{"0.5"}},
		"a boolean":           {jwt("payload", "admin"), []string{"true"}},
		"null":                {jwt("payload", "none"), nil},
		"an empty text":       {jwt("payload", "empty"), nil},
		"an object":           {jwt("payload"), nil},
		"a deep claim":        {jwt("payload", "deep", "a.b/c"), []string{"d"}},
		"beyond a text":       {jwt("payload", "sub", "x"), nil},
		"an unknown key":      {jwt("other", "sub"), nil},
		"no key":              {jwt(), nil},
		"another namespace":   {o.Metadata([]string{"x", "payload", "sub"}), nil},
		"an attribute":        {o.Attribute("source.principal"), []string{"spiffe://x"}},
		"no attribute":        {o.Attribute("source.address"), nil},
		"gRPC metadata":       {o.InitialMetadata("tenant"), []string{"t", "u"}},
		"another name":        {o.InitialMetadata("x"), nil},
		"empty gRPC metadata": {o.InitialMetadata("blank"), []string{}},
		"nothing at all":      {origin{}.Attribute("x"), nil},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
