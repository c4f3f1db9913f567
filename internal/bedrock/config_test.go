package bedrock

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

func TestNewReportsAllProblems(t *testing.T) {
	bedrocktest.Isolate(t)
	_, err := New(t.Context(), Config{
		Default: "c",
		Backends: []BackendConfig{
			{Region: "Virginia"},
			{Name: "a", EndpointURL: "bedrock.example"},
			{Name: "b", EndpointURL: "http://%zz"},
			{Name: "a"},
			{Name: "d", Residency: "eu", Fallback: []string{"d", "b", "x", "b", "e"}},
			{Name: "e", Residency: "eu", Fallback: []string{"d"}},
			{Name: "f", Fallback: []string{"e"}, Identity: awsauth.Identity{BearerTokenEnv: "NO_KEY"}},
		},
	})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		`backend 1 has no name`,
		`region: "Virginia" is not the name of an AWS region`,
		`backend "a": endpoint_url: "bedrock.example" is not an http or https URL with a host`,
		`backend "b": endpoint_url: "http://%zz" is not an http or https URL with a host`,
		`backend "a": is given twice`,
		`default: there is no backend "c"`,
		`backend "d": fallback[0]: a backend cannot be its own fallback`,
		`backend "d": fallback[1]: "b" has the residency "", not "eu"`,
		`backend "d": fallback[2]: there is no other backend "x"`,
		`backend "d": fallback[3]: "b" is given twice`,
		`backend "f": bearer_token_env: the environment variable NO_KEY, which must hold the bearer token, is not set`,
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefusesModelsOfOtherRegions(t *testing.T) {
	bedrocktest.Isolate(t)
	const arn = "arn:aws:bedrock:eu-west-1:1:inference-profile/"
	_, err := New(t.Context(), Config{Backends: []BackendConfig{
		{Name: "a", Region: "eu-west-1", DefaultModel: arn + "x", Models: map[string]string{"y": arn + "y", "z": "z", "f": "arn:aws:bedrock:::x"}},
		{Name: "b", DefaultModel: arn + "x"},
		{Name: "c", DefaultModel: "y", Models: map[string]string{"y": arn + "y"}},
	}})
	want := []string{
		`backend "b": default_model: the model ` + arn + `x is in eu-west-1, but the backend calls us-east-1`,
		`backend "c": models.y: the model ` + arn + `y is in eu-west-1, but the backend calls us-east-1`,
	}
	if err == nil || !cmp.Equal(want, strings.Split(err.Error(), "\n")) {
		t.Error(err)
	}
}

func TestNewRefusesABrokenProfile(t *testing.T) {
	bedrocktest.Isolate(t)
	t.Setenv("AWS_PROFILE", "absent")
	if _, err := New(t.Context(), Config{}); err == nil || !strings.Contains(err.Error(), "AWS configuration: ") {
		t.Errorf("got %v, want an error of the AWS configuration", err)
	}
}

func TestAllBackends(t *testing.T) {
	bedrocktest.Isolate(t)
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

func TestTransportSettings(t *testing.T) {
	settings := func(tr *http.Transport) []any {
		return []any{tr.MaxIdleConns, tr.MaxIdleConnsPerHost, tr.MaxConnsPerHost, tr.IdleConnTimeout, tr.TLSHandshakeTimeout, tr.HTTP2.SendPingTimeout}
	}
	for name, tt := range map[string]struct {
		given Transport
		want  []any
	}{
		"defaults": {Transport{}, []any{0, 1024, 0, 90 * time.Second, 5 * time.Second, 30 * time.Second}},
		"given":    {Transport{7, 8, 1, 2, 3, 4}, []any{0, 7, 8, time.Duration(1), time.Duration(3), time.Duration(4)}},
		"lifted":   {Transport{-1, -1, -1, -1, -1, -1}, []any{0, -1, 0, time.Duration(0), time.Duration(0), time.Duration(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTransport(aws.Config{}, tt.given)
			if diff := cmp.Diff(tt.want, settings(tr)); diff != "" {
				t.Error(diff)
			}
			if tr.Proxy == nil || !tr.DisableCompression || tr.ResponseHeaderTimeout != 0 || tr.TLSClientConfig.MinVersion != tls.VersionTLS12 {
				t.Errorf("proxy set %v, compression disabled %v, header timeout %v, TLS %#x; want true, true, 0, TLS 1.2",
					tr.Proxy != nil, tr.DisableCompression, tr.ResponseHeaderTimeout, tr.TLSClientConfig.MinVersion)
			}
		})
	}
}

// The SDK's warnings go to our log only.
func TestSDKLog(t *testing.T) {
	bedrocktest.Isolate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", bedrocktest.Serve(t, signing))
	core, logged := observer.New(zap.WarnLevel)
	b := newTestBackend(t, Config{Log: zap.New(core)}, "http://127.0.0.1:1")
	_, _, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
	if e := asError(t, err); e.Kind != translator.KindNoCredentials {
		t.Errorf("got %s (%v), want %s", e.Kind, e, translator.KindNoCredentials)
	}
	if logged.FilterMessage("AWS SDK").Len() == 0 {
		t.Error("nothing logged")
	}
}
