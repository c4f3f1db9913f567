package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"bedrock-extproc/internal/cause"
)

// credentialsLimit bounds the search for credentials, because the default chain
// waits for a metadata service that may not exist.
const credentialsLimit = 5 * time.Second

// bearerVariable is the environment variable with a Bedrock API key.
const bearerVariable = "AWS_BEARER_TOKEN_BEDROCK"

// AWS describes the credentials and regions this process would use for Bedrock. It
// holds no credential.
type AWS struct{ accounts []account }

// An Account is an AWS identity in the sidecar's configuration. The zero value is
// the default identity.
type Account struct {
	// Profile is a profile in the AWS configuration files.
	Profile string
	// Region is the configured region; "" takes it from the environment.
	Region string
	// Signs is true if an API key does not suffice, such as to assume a role.
	Signs bool
}

type account struct {
	Account
	region, source string
	err            error // why there are no credentials
}

// ReadAWS looks up credentials and region of each account as the sidecar does. It
// keeps no credential values.
func ReadAWS(ctx context.Context, accounts []Account) *AWS {
	ctx, cancel := context.WithTimeout(ctx, credentialsLimit)
	defer cancel()
	found := &AWS{}
	for _, a := range accounts {
		found.accounts = append(found.accounts, readAccount(ctx, a))
	}
	return found
}

func readAccount(ctx context.Context, a Account) account {
	found := account{Account: a, region: a.Region}
	// The SDK would write to standard error; what it found is in the report.
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithLogger(logging.Nop{})}
	if a.Profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(a.Profile))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		found.err = err
		return found
	}
	found.region = cmp.Or(a.Region, cfg.Region)
	if a.Profile == "" && !a.Signs && os.Getenv(bearerVariable) != "" {
		found.source = bearerVariable
		return found
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	found.source, found.err = credentials.Source, err
	return found
}

func (a *account) where() string {
	if a.Profile == "" {
		return "AWS"
	}
	return fmt.Sprintf("AWS, profile %q", a.Profile)
}

func (a *AWS) examined() []string {
	var list []string
	for i := range a.accounts {
		account := &a.accounts[i]
		if account.err == nil {
			list = append(list, fmt.Sprintf("%s: credentials from %s, region %s", account.where(), account.source, cmp.Or(account.region, "not set")))
		}
	}
	return list
}

func (a *AWS) each(find func(*account) string) []observation {
	if a == nil {
		return nil
	}
	var found []observation
	for i := range a.accounts {
		if problem := find(&a.accounts[i]); problem != "" {
			found = append(found, observation{a.accounts[i].where(), problem})
		}
	}
	return found
}

// awsChecks check the AWS environment of this process.
func awsChecks() []check {
	return []check{
		{
			"aws-credentials", Error,
			"no AWS credentials in this process's environment (-aws=false skips this check)",
			"Give the sidecar a role (IRSA, EKS Pod Identity, an instance profile), AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK, and run doctor in the same environment.",
			func(e *examination) []observation {
				return e.AWS.each(func(a *account) string {
					if a.err == nil {
						return ""
					}
					return "no credentials: " + a.reason()
				})
			},
		},
		{
			"aws-region", Warning,
			"no AWS region in this process's environment or in the -config file: the sidecar uses us-east-1",
			"Set AWS_REGION, or the region of each backend.",
			func(e *examination) []observation {
				return e.AWS.each(func(a *account) string { return problemIf(a.region == "", "no region is set") })
			},
		},
	}
}

func (a *account) reason() string {
	if errors.Is(a.err, context.DeadlineExceeded) {
		return fmt.Sprintf("none found within %v", credentialsLimit)
	}
	return cause.FindCredentials(a.err).Detail
}
