package istio

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/gvk"
	kubelib "istio.io/istio/pkg/kube"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// An example is a folder of examples/istio, decoded by Istio's and Kubernetes's code.
type example struct {
	istio      []config.Config
	kubernetes []runtime.Object
}

func load(t *testing.T, folder string) example {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../examples/istio", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	var e example
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for object := range bytes.SplitSeq(text, []byte("\n---\n")) {
			if err := e.add(object); err != nil {
				t.Fatalf("%s: %v\n%s", file, err, object)
			}
		}
	}
	return e
}

// add decodes one object, of Istio or of Kubernetes.
func (e *example) add(object []byte) error {
	configs, others, err := crd.ParseInputs(string(object))
	if err != nil {
		return err
	}
	e.istio = append(e.istio, configs...)
	if len(others) == 0 {
		return nil
	}
	decoded, _, err := kubelib.IstioCodec.UniversalDeserializer().Decode(object, nil, nil)
	e.kubernetes = append(e.kubernetes, decoded)
	return err
}

// only returns the objects of one type.
func only[T runtime.Object](e example) []T {
	var found []T
	for _, object := range e.kubernetes {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// TestValid validates every object with the code of Istio's admission webhook.
func TestValid(t *testing.T) {
	for _, folder := range []string{"gateway", "sidecar"} {
		e := load(t, folder)
		for _, c := range e.istio {
			if err := validate(c); err != nil {
				t.Errorf("%s: %s %s: %v", folder, c.GroupVersionKind.Kind, c.Name, err)
			}
		}
		if len(only[*appsv1.Deployment](e)) != 1 || len(only[*corev1.Service](e)) != 1 {
			t.Errorf("%s: not one Deployment and one Service among %d objects", folder, len(e.kubernetes))
		}
	}
}

// validate returns warnings as errors, except the one that every EnvoyFilter gets.
func validate(c config.Config) error {
	schema, ok := collections.All.FindByGroupVersionAliasesKind(c.GroupVersionKind)
	if !ok {
		return errors.New("a kind that Istio does not know")
	}
	warning, err := schema.ValidateConfig(c)
	if err != nil || warning == nil {
		return err
	}
	if c.GroupVersionKind == gvk.EnvoyFilter && strings.HasPrefix(warning.Error(), "EnvoyFilter exposes internal implementation details") {
		return nil
	}
	return warning
}
