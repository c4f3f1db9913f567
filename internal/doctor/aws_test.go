package doctor

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// noAWS sets an environment without credentials, except for the profile "keys".
func noAWS(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", bearerVariable,
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
	} {
		t.Setenv(name, "")
	}
	file := filepath.Join(t.TempDir(), "config")
	text := "[profile keys]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret-of-profile\nregion = eu-west-3\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// withoutPath replaces the path of the test's configuration file.
func withoutPath(lines []string) []string {
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], os.Getenv("AWS_CONFIG_FILE"), "CONFIG")
	}
	return lines
}

func TestReadAWS(t *testing.T) {
	for name, c := range map[string]struct {
		env      map[string]string
		account  Account
		examined []string
		findings []string // ids
	}{
		"keys": {
			map[string]string{"AWS_ACCESS_KEY_ID": "AKIDX", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"},
			Account{},
			[]string{"AWS: credentials from EnvConfigCredentials, region eu-west-1"},
			nil,
		},
		"configured region": {
			map[string]string{"AWS_ACCESS_KEY_ID": "AKIDX", "AWS_SECRET_ACCESS_KEY": "secret"},
			Account{Region: "eu-west-2"},
			[]string{"AWS: credentials from EnvConfigCredentials, region eu-west-2"},
			nil,
		},
		"API key": {
			map[string]string{bearerVariable: "bedrock-api-key-x"},
			Account{},
			[]string{"AWS: credentials from AWS_BEARER_TOKEN_BEDROCK, region not set"},
			[]string{"aws-region"},
		},
		"an API key cannot assume a role": {
			map[string]string{bearerVariable: "bedrock-api-key-x", "AWS_REGION": "eu-west-1"},
			Account{Signs: true},
			nil,
			[]string{"aws-credentials"},
		},
		"profile":    {nil, Account{Profile: "keys"}, []string{`AWS, profile "keys": credentials from SharedConfigCredentials: CONFIG, region eu-west-3`}, nil},
		"no profile": {nil, Account{Profile: "none", Region: "eu-west-3"}, nil, []string{"aws-credentials"}},
		"nothing":    {nil, Account{}, nil, []string{"aws-credentials", "aws-region"}},
	} {
		t.Run(name, func(t *testing.T) {
			noAWS(t)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			a := ReadAWS(t.Context(), []Account{c.account})
			if diff := cmp.Diff(c.examined, withoutPath(a.examined())); diff != "" {
				t.Errorf("examined (-want +got):\n%s", diff)
			}
			var ids []string
			for _, check := range awsChecks() {
				if len(check.find(&examination{Snapshot: &Snapshot{AWS: a}})) > 0 {
					ids = append(ids, check.id)
				}
			}
			if diff := cmp.Diff(c.findings, ids); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// The SDK's own warnings do not get between the lines of the report.
func TestReadAWSIsSilent(t *testing.T) {
	noAWS(t)
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer metadata.Close()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stderr := os.Stderr
	os.Stderr = file
	found := ReadAWS(t.Context(), []Account{{}})
	os.Stderr = stderr
	if found.accounts[0].err == nil {
		t.Error("credentials from nowhere")
	}
	text, err := os.ReadFile(file.Name())
	if err != nil || len(text) > 0 {
		t.Errorf("%q, %v", text, err)
	}
}
