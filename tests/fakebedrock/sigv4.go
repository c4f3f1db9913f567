package fakebedrock

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	signingService   = "bedrock"
	signingAlgorithm = "AWS4-HMAC-SHA256"
	amzDateLayout    = "20060102T150405Z"
)

// authorization is a parsed Signature Version 4 Authorization header:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
type authorization struct {
	accessKeyID, date, region, service string
	signedHeaders                      []string // lower case
	signature                          string
}

// parseAuthorization parses the header. Its errors have the service's wording.
func parseAuthorization(header string) (authorization, error) {
	var a authorization
	rest, ok := strings.CutPrefix(header, signingAlgorithm)
	if !ok {
		return a, fmt.Errorf("the Authorization header names no supported algorithm (%s)", signingAlgorithm)
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return a, fmt.Errorf("authorization header requires '%s' parameter", name)
		}
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" {
		return a, fmt.Errorf("credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term")
	}
	a.accessKeyID, a.date, a.region, a.service = scope[0], scope[1], scope[2], scope[3]
	a.signedHeaders = strings.Split(fields["SignedHeaders"], ";")
	a.signature = fields["Signature"]
	return a, nil
}

// checkScope rejects a signature for another service, region or day.
func (a authorization) checkScope(region, amzDate string) *Exception {
	switch {
	case a.service != signingService:
		return invalidSignature("Credential should be scoped to correct service: '%s'.", signingService)
	case a.region == "" || region != "" && a.region != region:
		return invalidSignature("Credential should be scoped to a valid region.")
	case !strings.HasPrefix(amzDate, a.date):
		return invalidSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
	case !slices.Contains(a.signedHeaders, "host") || !slices.Contains(a.signedHeaders, "x-amz-date"):
		return invalidSignature("'Host' and 'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}

// checkClock rejects a signature whose time is too far from now.
func checkClock(signed, now time.Time) *Exception {
	now = now.UTC()
	switch {
	case signed.Before(now.Add(-maxClockSkew)):
		return invalidSignature("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			signed.Format(amzDateLayout), now.Add(-maxClockSkew).Format(amzDateLayout), now.Format(amzDateLayout))
	case signed.After(now.Add(maxClockSkew)):
		return invalidSignature("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			signed.Format(amzDateLayout), now.Add(maxClockSkew).Format(amzDateLayout), now.Format(amzDateLayout))
	}
	return nil
}

// matches signs the request again and compares the signatures.
func (a authorization) matches(r *http.Request, body []byte, id Identity, signed time.Time) (bool, error) {
	again, err := a.unsigned(r)
	if err != nil {
		return false, err
	}
	creds := aws.Credentials{AccessKeyID: id.AccessKeyID, SecretAccessKey: id.SecretAccessKey}
	if slices.Contains(a.signedHeaders, "x-amz-security-token") {
		creds.SessionToken = id.SessionToken
	}
	hash := sha256.Sum256(body)
	// A new signer for every check: a signer caches the derived key by access key id,
	// but another server in this process may have another secret for the same id.
	err = v4.NewSigner().SignHTTP(context.Background(), creds, again, hex.EncodeToString(hash[:]), a.service, a.region, signed)
	if err != nil {
		return false, err
	}
	want, err := parseAuthorization(again.Header.Get("Authorization"))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare([]byte(want.signature), []byte(a.signature)) == 1, nil
}

// unsigned returns the request before it was signed: with the raw path, and only the
// headers that the client signed.
func (a authorization) unsigned(r *http.Request) (*http.Request, error) {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	again := &http.Request{
		Method: r.Method,
		Host:   r.Host,
		URL:    &url.URL{Scheme: "https", Host: r.Host, Opaque: "//" + r.Host + path, RawQuery: values.Encode()},
		Header: http.Header{},
	}
	for _, name := range a.signedHeaders {
		if values := r.Header.Values(name); len(values) > 0 && name != "content-length" {
			again.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	if slices.Contains(a.signedHeaders, "content-length") {
		again.ContentLength = r.ContentLength
	}
	return again, nil
}

func invalidSignature(format string, args ...any) *Exception {
	return exceptionNamed("InvalidSignatureException", fmt.Sprintf(format, args...))
}
