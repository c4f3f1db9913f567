package awsauth

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"go.uber.org/zap"

	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
)

// defaultSessionName is the name of assumed roles' sessions.
const defaultSessionName = "bedrock-extproc"

// A credentialsKey is everything that credentials depend on. tags are key=value
// pairs, escaped as in a URL.
type credentialsKey struct{ profile, role, externalID, session, tags, region string }

// text names the identity.
func (k credentialsKey) text() string {
	switch {
	case k.role != "":
		return "role " + k.role
	case k.profile != "":
		return "profile " + k.profile
	}
	return "the AWS default chain"
}

// A role is assumed for the calls of a backend. It is immutable.
type role struct {
	arn, session identity.Template
	tags         map[string]identity.Template
	externalID   string
	profile      string
	client       *sts.Client
	region       string
	log          *zap.Logger
}

// newRole takes the credentials that assume the role from cfg.
func newRole(cfg aws.Config, id Identity, e Endpoint) *role {
	return &role{
		arn: id.RoleARN, session: id.SessionName, tags: id.SessionTags,
		externalID: id.ExternalID, profile: id.Profile, region: cfg.Region,
		client: newSTS(cfg, e),
	}
}

// dependsOnCaller reports whether a template has a caller's value in it.
func (r *role) dependsOnCaller() bool {
	for _, t := range r.tags {
		if len(t.Names()) > 0 {
			return true
		}
	}
	return len(r.arn.Names())+len(r.session.Names()) > 0
}

// key returns the role for a caller with these values. An error is a
// *translator.Error: a value is missing, or STS does not accept it.
func (r *role) key(values map[string]string) (credentialsKey, error) {
	k := credentialsKey{profile: r.profile, externalID: r.externalID, region: r.region}
	const usedIn = "the name of a role"
	var err error
	if k.role, err = fill(r.arn, values, isRoleName, usedIn); err != nil {
		return k, err
	}
	if names := r.arn.Names(); len(names) > 0 {
		if err := checkValue(isRoleName, names[0], k.role[strings.LastIndex(k.role, "/")+1:], usedIn); err != nil {
			return k, err
		}
	}
	if k.session, err = r.session.Needed(values); err != nil {
		return k, err
	}
	k.session = sessionName(cmp.Or(k.session, defaultSessionName))
	k.tags, err = r.fillTags(values)
	return k, err
}

func (r *role) fillTags(values map[string]string) (string, error) {
	const usedIn = "a session tag"
	tags := url.Values{}
	for tag, t := range r.tags {
		text, err := fill(t, values, isTagValue, usedIn)
		if err != nil {
			return "", err
		}
		name := tag
		if names := t.Names(); len(names) > 0 {
			name = names[0]
		}
		if err := checkValue(isTagValue, name, text, usedIn); err != nil {
			return "", err
		}
		tags.Set(tag, text)
	}
	return tags.Encode(), nil
}

// fill fills a template with values that valid accepts.
func fill(t identity.Template, values map[string]string, valid func(string) bool, usedIn string) (string, error) {
	return t.Fill(func(name string) (string, error) {
		return values[name], checkValue(valid, name, values[name], usedIn)
	})
}

// checkValue rejects a value that STS does not accept. It is never changed to fit,
// because another identity could then get the same session.
func checkValue(valid func(string) bool, name, value, usedIn string) error {
	switch {
	case value == "":
		return translator.ErrMissingIdentity(name)
	case !valid(value):
		return translator.ErrUnusableIdentity(name, usedIn)
	}
	return nil
}

// assume returns a cache that assumes the role when it is first asked.
func (r *role) assume(k credentialsKey) credentialsCache {
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(r.client, k.role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = k.session
		if k.externalID != "" {
			o.ExternalID = &k.externalID
		}
		tags, _ := url.ParseQuery(k.tags)
		for _, name := range slices.Sorted(maps.Keys(tags)) {
			o.Tags = append(o.Tags, types.Tag{Key: &name, Value: aws.String(tags.Get(name))})
		}
	}))
}
