package bedrock

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"bedrock-extproc/internal/identity"
	"bedrock-extproc/translator"
)

// What STS takes as a part of a role's name, as a session's name and as a tag's
// value.
var (
	roleText  = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	notInName = regexp.MustCompile(`[^\w+.@-]`)
	tagText   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$`)
)

// A role is what is assumed for the calls of a backend. It is immutable.
type role struct {
	arn, session identity.Template
	tags         map[string]identity.Template
	externalID   string
	profile      string
	client       *sts.Client
	region       string
}

func newRole(cfg aws.Config, c BackendConfig) *role {
	return &role{
		arn: c.Identity.RoleARN, session: c.Identity.SessionName, tags: c.Identity.SessionTags,
		externalID: c.Identity.ExternalID, profile: c.Identity.Profile, region: cfg.Region,
		client: sts.NewFromConfig(cfg, func(o *sts.Options) {
			o.EndpointOptions.UseFIPSEndpoint = fips(c, o.EndpointOptions.UseFIPSEndpoint)
			o.EndpointOptions.UseDualStackEndpoint = dualStack(c, o.EndpointOptions.UseDualStackEndpoint)
		}),
	}
}

// varies reports whether the role depends on who calls.
func (r *role) varies() bool {
	for _, t := range r.tags {
		if len(t.Names()) > 0 {
			return true
		}
	}
	return len(r.arn.Names())+len(r.session.Names()) > 0
}

// account is the role for a caller with these values. An error is a
// *translator.Error: a value is missing, or nothing that STS takes.
func (r *role) account(values map[string]string) (account, error) {
	a := account{profile: r.profile, externalID: r.externalID, region: r.region}
	var err error
	if a.role, err = filled(r.arn, values, roleText, "the name of a role"); err != nil {
		return a, err
	}
	if names := r.arn.Names(); len(names) > 0 {
		if _, err := fitting(roleText, names[0], a.role[strings.LastIndex(a.role, "/")+1:], "the name of a role"); err != nil {
			return a, err
		}
	}
	if a.session, err = r.session.Needed(values); err != nil {
		return a, err
	}
	a.session = sessionName(cmp.Or(a.session, defaultSessionName))
	a.tags, err = r.fillTags(values)
	return a, err
}

func (r *role) fillTags(values map[string]string) (string, error) {
	const place = "a session tag"
	tags := url.Values{}
	for tag, t := range r.tags {
		text, err := filled(t, values, tagText, place)
		if err != nil {
			return "", err
		}
		name := tag
		if names := t.Names(); len(names) > 0 {
			name = names[0]
		}
		if _, err := fitting(tagText, name, text, place); err != nil {
			return "", err
		}
		tags.Set(tag, text)
	}
	return tags.Encode(), nil
}

// filled is a template with values that fit as they are.
func filled(t identity.Template, values map[string]string, pattern *regexp.Regexp, place string) (string, error) {
	return t.Fill(func(name string) (string, error) { return fitting(pattern, name, values[name], place) })
}

// fitting refuses a value that would not be the one that was meant: another
// identity could hide behind what is left of it.
func fitting(pattern *regexp.Regexp, name, value, place string) (string, error) {
	switch {
	case value == "":
		return "", identity.Missing(name)
	case !pattern.MatchString(value):
		return "", &translator.Error{
			Status: http.StatusForbidden, Kind: translator.KindNotPermitted,
			Message: fmt.Sprintf("The value of %q in the identity of this call cannot be part of %s.", name, place),
		}
	}
	return value, nil
}

// sessionName writes a name in letters that STS takes, of which it must be 2 to 64.
// Two names are never written alike: policies can depend on a session's name. Bytes
// that STS does not take become "=" and their hexadecimal number, and what is too
// long or too short ends with a comma and a hash.
func sessionName(name string) string {
	written := notInName.ReplaceAllStringFunc(name, func(letter string) string {
		var bytes strings.Builder
		for _, b := range []byte(letter) {
			fmt.Fprintf(&bytes, "=%02X", b)
		}
		return bytes.String()
	})
	if len(written) >= 2 && len(written) <= 64 {
		return written
	}
	sum := sha256.Sum256([]byte(name))
	return written[:min(len(written), 31)] + "," + hex.EncodeToString(sum[:16])
}

// assume fetches the credentials of a role.
func (r *role) assume(a account) chain {
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(r.client, a.role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = a.session
		if a.externalID != "" {
			o.ExternalID = &a.externalID
		}
		tags, _ := url.ParseQuery(a.tags)
		for _, name := range slices.Sorted(maps.Keys(tags)) {
			o.Tags = append(o.Tags, types.Tag{Key: &name, Value: aws.String(tags.Get(name))})
		}
	}))
}
