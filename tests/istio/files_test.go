package istio

import (
	"errors"
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
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// An example is a folder of examples/istio, decoded by Istio's and Kubernetes's code.
type example struct {
	istio      []config.Config
	kubernetes []runtime.Object
	// ingress is the cluster's ingress gateway.
	ingress ingress
}

func load(t *testing.T, folder string) example {
	t.Helper()
	return loadFolder(t, filepath.Join("../../examples/istio", folder))
}

// loadFolder decodes what "kubectl apply -k" would apply.
func loadFolder(t *testing.T, folder string) example {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	e := example{ingress: release(t, "istio-ingressgateway", "istio-ingress")}
	for _, resource := range built.Resources() {
		object, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := e.add(object); err != nil {
			t.Fatalf("%s: %v\n%s", resource.CurId(), err, object)
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
	// Istio reads objects of the Gateway API from Kubernetes.
	if len(others) == 0 && configs[0].GroupVersionKind.Group != "gateway.networking.k8s.io" {
		e.istio = append(e.istio, configs...)
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
