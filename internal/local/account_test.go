package local

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
)

const (
	callerIs = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>` +
		`<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	aliases = `<ListAccountAliasesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListAccountAliasesResult><IsTruncated>false</IsTruncated>` +
		`<AccountAliases>%s</AccountAliases></ListAccountAliasesResult></ListAccountAliasesResponse>`
	denied = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`
)

// service answers an AWS query API.
func service(t *testing.T, action string, status int, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") != action || !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIDSIDECAR/") {
			t.Errorf("%s, signed with %q", r.FormValue("Action"), r.Header.Get("Authorization"))
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAccount(t *testing.T) {
	const start = "credentials: environment AKID…\nregion: us-west-2\naccount: "
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"alias":    {200, fmt.Sprintf(aliases, "<member>my-team</member>"), "alias my-team"},
		"no alias": {200, fmt.Sprintf(aliases, ""), "no alias"},
		"refused":  {403, denied, "no alias visible"},
		"broken":   {200, "<", "no alias visible"},
	} {
		t.Run(name, func(t *testing.T) {
			bedrocktest.Isolate(t)
			t.Setenv("AWS_REGION", "us-west-2")
			t.Setenv("AWS_ENDPOINT_URL_STS", service(t, "GetCallerIdentity", 200, callerIs))
			t.Setenv("AWS_ENDPOINT_URL_IAM", service(t, "ListAccountAliases", c.status, c.body))
			want := start + "123456789012 (" + c.want + "), as arn:aws:iam::123456789012:user/ann"
			if diff := cmp.Diff(want, strings.Join(account(t.Context()), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Without an account there is no call for its alias.
func TestAccountUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		environment map[string]string
		want        []string
	}{
		"no credentials": {
			map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": ""},
			[]string{"no AWS credentials: no credentials are configured. Give", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; profile default", "region: us-east-1"},
		},
		"a profile that does not exist": {map[string]string{"AWS_PROFILE": "other"}, []string{"other"}},
		"an API key":                    {map[string]string{"AWS_BEARER_TOKEN_BEDROCK": "key"}, []string{"API key in AWS_BEARER_TOKEN_BEDROCK", "account: unknown, because STS was not asked"}},
		"an endpoint of one's own": {
			map[string]string{"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:1"},
			[]string{"credentials: environment", "account: unknown, because STS was not asked"},
		},
		"STS refuses": {
			map[string]string{"AWS_ENDPOINT_URL_STS": service(t, "GetCallerIdentity", 403, denied)},
			[]string{"credentials: environment", "account: unknown, because STS does not confirm the credentials: STS refused. Check"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bedrocktest.Isolate(t)
			t.Setenv("AWS_ENDPOINT_URL_IAM", service(t, "none", 500, ""))
			for key, value := range c.environment {
				t.Setenv(key, value)
			}
			got := strings.Join(account(t.Context()), "\n")
			for _, part := range c.want {
				if !strings.Contains(got, part) {
					t.Errorf("no %q in\n%s", part, got)
				}
			}
		})
	}
}

// silent is a server that does not answer.
type silent struct{}

func (silent) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAliasTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := aws.Config{HTTPClient: silent{}, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")}
		began := time.Now()
		if got := aliasText(t.Context(), cfg, ""); got != "no alias visible" || time.Since(began) != aliasLimit {
			t.Errorf("%q after %v", got, time.Since(began))
		}
	})
}

func TestIAMEndpoint(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_IAM", "")
	for arn, want := range map[string]string{
		"arn:aws:iam::123456789012:user/ann":        "https://iam.amazonaws.com us-east-1",
		"arn:aws-cn:iam::123456789012:user/ann":     "https://iam.cn-north-1.amazonaws.com.cn cn-north-1",
		"arn:aws-us-gov:iam::123456789012:user/ann": "https://iam.us-gov.amazonaws.com us-gov-west-1",
	} {
		endpoint, region := iamEndpoint(arn)
		if got := endpoint + " " + region; got != want {
			t.Errorf("%s: %s", arn, got)
		}
	}
}
