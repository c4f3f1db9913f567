package validate

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/schemas"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// TestMembersAreTheSDKs compares names, types and the number of enumeration values with
// the model that the SDK was generated from.
func TestMembersAreTheSDKs(t *testing.T) {
	seen := 0
	compareShapes(t, schemas.ConverseRequest, requestShape(false), nil, &seen)
	compareShapes(t, schemas.ConverseStreamRequest, requestShape(true), nil, &seen)
	if seen < 300 {
		t.Errorf("compared only %d values", seen)
	}
}

func compareShapes(t *testing.T, sdk *smithy.Schema, s *shape, at path, seen *int) {
	t.Helper()
	*seen++
	if want := kindOf(sdk.Type()); want != s.kind {
		t.Errorf("%s: kind %d, the SDK has %d", at.dotted(), s.kind, want)
		return
	}
	if _, secret := smithy.SchemaTrait[*traits.Sensitive](sdk); secret && !s.sensitive && s.kind >= textKind {
		t.Errorf("%s: the SDK marks it as sensitive", at.dotted())
	}
	switch s.kind {
	case structKind, unionKind:
		compareMembers(t, sdk, s, at, seen)
	case listKind:
		compareShapes(t, sdk.ListMember(), s.elem, at.to("*"), seen)
	case mapKind:
		compareShapes(t, sdk.MapValue(), s.elem, at.to("*"), seen)
	case textKind:
		// One more value: models send a toolUse type that the API model does not have.
		extra := 0
		if at.dotted() == "messages.*.content.*.toolUse.type" {
			extra = 1
		}
		if want := len(sdk.Members()); len(s.enum) != want+extra {
			t.Errorf("%s: %d values, the SDK has %d", at.dotted(), len(s.enum), want)
		}
	default:
	}
}

func compareMembers(t *testing.T, sdk *smithy.Schema, s *shape, at path, seen *int) {
	t.Helper()
	var names []string
	for _, m := range s.members {
		names = append(names, m.name)
		if other := sdk.Member(m.name); other != nil {
			compareShapes(t, other, m.shape, at.to(m.name), seen)
		}
	}
	slices.Sort(names)
	want := slices.Sorted(maps.Keys(sdk.Members()))
	want = slices.DeleteFunc(want, func(name string) bool { return len(at) == 0 && name == "modelId" })
	if !slices.Equal(names, want) {
		t.Errorf("%s: members %s, the SDK has %s", at.dotted(), strings.Join(names, " "), strings.Join(want, " "))
	}
}

func kindOf(t smithy.ShapeType) kind {
	switch t {
	case smithy.ShapeTypeStructure:
		return structKind
	case smithy.ShapeTypeUnion:
		return unionKind
	case smithy.ShapeTypeList:
		return listKind
	case smithy.ShapeTypeMap:
		return mapKind
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		return textKind
	case smithy.ShapeTypeBoolean:
		return boolKind
	case smithy.ShapeTypeInteger:
		return intKind
	case smithy.ShapeTypeFloat:
		return numberKind
	case smithy.ShapeTypeBlob:
		return blobKind
	case smithy.ShapeTypeDocument:
		return anyKind
	default:
		return -1
	}
}
