package validate

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/schemas"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
	"github.com/google/go-cmp/cmp"
)

// newer are members of both requests that botocore 1.44.8 has and the SDK does not.
var newer = []string{"projectIdentifier"}

// enums are the SDK's enumerations by the names of their shapes.
func enums() map[string][]string {
	return map[string][]string{
		"AudioFormat":                       values(types.AudioFormat("").Values()),
		"CachePointType":                    values(types.CachePointType("").Values()),
		"CacheTTL":                          values(types.CacheTTL("").Values()),
		"ConversationRole":                  values(types.ConversationRole("").Values()),
		"DocumentFormat":                    values(types.DocumentFormat("").Values()),
		"GuardrailConverseContentQualifier": values(types.GuardrailConverseContentQualifier("").Values()),
		"GuardrailConverseImageFormat":      values(types.GuardrailConverseImageFormat("").Values()),
		"GuardrailStreamProcessingMode":     values(types.GuardrailStreamProcessingMode("").Values()),
		"GuardrailTrace":                    values(types.GuardrailTrace("").Values()),
		"ImageFormat":                       values(types.ImageFormat("").Values()),
		"OutputFormatType":                  values(types.OutputFormatType("").Values()),
		"PerformanceConfigLatency":          values(types.PerformanceConfigLatency("").Values()),
		"ServiceTierType":                   values(types.ServiceTierType("").Values()),
		"ToolResultStatus":                  values(types.ToolResultStatus("").Values()),
		"ToolUseType":                       values(types.ToolUseType("").Values()),
		"VideoFormat":                       values(types.VideoFormat("").Values()),
	}
}

func values[T ~string](list []T) []string {
	var all []string
	for _, v := range list {
		all = append(all, string(v))
	}
	slices.Sort(all)
	return all
}

// TestMembersAreTheSDKs compares names, types and enumeration values with the model that
// the SDK was generated from.
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
		got := slices.Sorted(slices.Values(s.enum))
		if at.dotted() == "messages.*.content.*.toolUse.type" {
			// Models send this value, which the API model does not have.
			got = slices.DeleteFunc(got, func(v string) bool { return v == "tool_use" })
		}
		if diff := cmp.Diff(valuesOf(t, sdk), got); diff != "" {
			t.Errorf("%s: the values differ from the SDK's: %s", at.dotted(), diff)
		}
	default:
	}
}

// valuesOf returns the values of an enumeration, and nil for other strings.
func valuesOf(t *testing.T, sdk *smithy.Schema) []string {
	t.Helper()
	if len(sdk.Members()) == 0 {
		return nil
	}
	list, known := enums()[sdk.TargetID().Name]
	if !known {
		t.Errorf("enums has no %s", sdk.TargetID().Name)
	}
	return list
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
	if len(at) == 0 {
		want = append(want, newer...)
		slices.Sort(want)
	}
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
