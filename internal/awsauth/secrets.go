package awsauth

import (
	"net/url"
	"os"
	"strings"
)

// secretVariables are the environment variables of the AWS SDK that hold secrets.
var secretVariables = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", bearerVariable, "AWS_CONTAINER_AUTHORIZATION_TOKEN",
}

// secretsOfEnvironment are the values that no error may show, should a server quote
// them. Only failures need them.
func secretsOfEnvironment() []string {
	var list []string
	for _, name := range secretVariables {
		list = append(list, os.Getenv(name))
	}
	for _, name := range []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		if u, err := url.Parse(os.Getenv(name)); err == nil {
			list = append(list, u.Path) // on ECS it holds an id that is as good as a key
		}
	}
	token, err := os.ReadFile(os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE")) //nolint:gosec // the operator chooses the file, as for the SDK
	if err == nil {
		list = append(list, strings.TrimSpace(string(token)))
	}
	return list
}
