package envoy

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"sigs.k8s.io/yaml"
)

// YAML prints a configuration in the form that Envoy reads. Its keys are sorted,
// so that the same value always prints the same text.
func YAML(m proto.Message) ([]byte, error) {
	json, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("print %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	text, err := yaml.JSONToYAML(json)
	if err != nil {
		return nil, fmt.Errorf("print %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	return text, nil
}

// pack puts an extension's configuration into the form in which it is embedded.
func pack(m proto.Message) (*anypb.Any, error) {
	packed, err := anypb.New(m)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	return packed, nil
}
