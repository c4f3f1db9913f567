package local

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/cause"
)

// Each step of finding the account ends after its limit. Nothing waits for them.
const (
	ownerLimit = 5 * time.Second
	aliasLimit = 3 * time.Second
)

// account says in lines which credentials, region and AWS account calls will use, or
// what is missing. It never fails.
func account(ctx context.Context) []string {
	loader := awsauth.NewLoader(bedrock.DefaultRegion, zap.NewNop())
	cfg, err := loader.Profile(ctx, "")
	if err != nil {
		return []string{cause.Clean(err.Error())}
	}
	auth, err := loader.Authenticator(ctx, awsauth.Identity{}, awsauth.Endpoint{})
	if err != nil {
		return []string{cause.Clean(err.Error())}
	}
	limited, cancel := context.WithTimeout(ctx, ownerLimit)
	defer cancel()
	public := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"), os.Getenv("AWS_ENDPOINT_URL")) == ""
	owner, err := auth.Owner(limited, public)
	if owner.Source == "" {
		return missing(cfg.Region, err)
	}
	lines := []string{strings.TrimSpace(fmt.Sprintf("credentials: %s %s", owner.Source, owner.AccessKeyID)), "region: " + cfg.Region}
	switch {
	case err != nil:
		return append(lines, "account: unknown, because STS does not confirm the credentials: "+explain(err))
	case owner.Account == "":
		return append(lines, "account: unknown, because STS was not asked")
	}
	return append(lines, fmt.Sprintf("account: %s (%s), as %s", owner.Account, aliasText(ctx, cfg, owner.ARN), owner.ARN))
}

// missing says where credentials were looked for, and what to do.
func missing(region string, err error) []string {
	return []string{
		"no AWS credentials: " + explain(err),
		"looked for: AWS_BEARER_TOKEN_BEDROCK; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; profile " + cmp.Or(os.Getenv("AWS_PROFILE"), "default") +
			" in ~/.aws (or AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE); AWS_WEB_IDENTITY_TOKEN_FILE; the container's role; the instance's role",
		"region: " + region + ". Calls with their own X-AWS-Access-Key-Id and X-AWS-Secret-Access-Key work.",
	}
}

// explain is the reason and the repair of an error.
func explain(err error) string {
	if e, ok := errors.AsType[*cause.Error](err); ok {
		return strings.TrimSuffix(e.Text, ".") + ". " + e.Fix
	}
	return cause.Clean(fmt.Sprint(err))
}

// aliasText names the account. Many identities may not read the alias.
func aliasText(ctx context.Context, cfg aws.Config, arn string) string {
	ctx, cancel := context.WithTimeout(ctx, aliasLimit)
	defer cancel()
	switch name, err := alias(ctx, cfg, arn); {
	case err != nil:
		return "no alias visible"
	case name == "":
		return "no alias"
	default:
		return "alias " + name
	}
}

// alias calls iam:ListAccountAliases; "" is an account without an alias. The SDK's
// package for IAM would be the largest dependency, for one query.
func alias(ctx context.Context, cfg aws.Config, arn string) (string, error) {
	endpoint, region := iamEndpoint(arn)
	const query = "Action=ListAccountAliases&Version=2010-05-08"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(query))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	creds, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(query))
	if err := v4.NewSigner().SignHTTP(ctx, creds, req, hex.EncodeToString(hash[:]), "iam", region, time.Now()); err != nil {
		return "", err
	}
	resp, err := cfg.HTTPClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	if resp.StatusCode != http.StatusOK {
		return "", errors.New(resp.Status)
	}
	var answer struct {
		Aliases []string `xml:"ListAccountAliasesResult>AccountAliases>member"`
	}
	if err := xml.NewDecoder(http.MaxBytesReader(nil, resp.Body, 64<<10)).Decode(&answer); err != nil {
		return "", err
	}
	return strings.Join(answer.Aliases, ", "), nil
}

// iamEndpoint is IAM's URL and signing region in the partition of an ARN. The variable
// is the SDK's.
func iamEndpoint(arn string) (endpoint, region string) {
	switch {
	case strings.HasPrefix(arn, "arn:aws-cn:"):
		endpoint, region = "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"
	case strings.HasPrefix(arn, "arn:aws-us-gov:"):
		endpoint, region = "https://iam.us-gov.amazonaws.com", "us-gov-west-1"
	default:
		endpoint, region = "https://iam.amazonaws.com", "us-east-1"
	}
	return cmp.Or(os.Getenv("AWS_ENDPOINT_URL_IAM"), endpoint), region
}
