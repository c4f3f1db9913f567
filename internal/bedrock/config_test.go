package bedrock

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/translator"
)

func TestNewReportsAllProblems(t *testing.T) {
	isolate(t)
	_, err := New(t.Context(), Config{
		Default: "c",
		Backends: []BackendConfig{
			{Region: "Virginia"},
			{Name: "a", EndpointURL: "bedrock.example"},
			{Name: "b", EndpointURL: "http://%zz"},
			{Name: "a"},
		},
	})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		`bedrock: backend 1 has no name`,
		`backend "": "Virginia" is not the name of an AWS region`,
		`backend "a": endpoint "bedrock.example" is not an http or https URL with a host`,
		`backend "b": endpoint: parse "http://%zz": invalid URL escape "%zz"`,
		`backend "a" is given twice`,
		`the default backend "c" is not among the backends`,
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefusesABrokenProfile(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_PROFILE", "absent")
	if _, err := New(t.Context(), Config{}); err == nil || !strings.Contains(err.Error(), "bedrock: AWS configuration: ") {
		t.Errorf("%v", err)
	}
}

func TestAllBackends(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_REGION", "eu-central-1")
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "b"}, {Name: "a", Region: "us-west-2"}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range bs.All() {
		got = append(got, b.Name()+" "+b.Region())
	}
	if diff := cmp.Diff([]string{"b eu-central-1", "a us-west-2"}, got); diff != "" {
		t.Error(diff)
	}
	if bs.Default() != "b" {
		t.Errorf("default %q", bs.Default())
	}
}

// The SDK's warnings come to our log, and nowhere else.
func TestSDKLog(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", serve(t, signing))
	core, logged := observer.New(zap.WarnLevel)
	b := newTestBackend(t, Config{Log: zap.New(core)}, "http://127.0.0.1:1")
	_, _, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
	if e := asError(t, err); e.Kind != translator.KindNoCredentials {
		t.Errorf("%v", e)
	}
	if logged.FilterMessage("AWS SDK").Len() == 0 {
		t.Error("nothing logged")
	}
}
