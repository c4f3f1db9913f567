package cause

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/smithy-go"
)

// An Error is the failure of one step. It may be shared between calls.
type Error struct {
	Step
	// AWSError is the error code of an AWS service that refused the step, such as
	// "AccessDenied". "" if none did.
	AWSError string
	// Detail is for the log: addresses and AWS's own words, without secrets.
	Detail string
	// Err is the whole chain. Its text may hold secrets.
	Err error
}

// Error returns Detail.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns the chain.
func (e *Error) Unwrap() error { return e.Err }

// Sentence is Text as the end of a sentence for the client, with the AWS error code.
func (e *Error) Sentence() string {
	if e.AWSError != "" {
		return fmt.Sprintf("%s (%s)", e.Text, e.AWSError)
	}
	return e.Text
}

// Find finds the step that failed in the chain of err, an error of connecting. The
// secrets are removed from Detail, beside everything that looks like one.
func Find(err error, secrets ...string) *Error {
	return find(connecting, err, secrets)
}

// FindCredentials is Find for an error of fetching credentials.
func FindCredentials(err error, secrets ...string) *Error {
	return find(fetching, err, secrets)
}

func find(tables [][]entry, err error, secrets []string) *Error {
	if found, ok := errors.AsType[*Error](err); ok {
		return found
	}
	e := &Error{Detail: detail(err, secrets), Err: err}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		e.AWSError = api.ErrorCode()
	}
	for _, table := range tables {
		for _, entry := range table {
			if entry.matches(err) {
				e.Step = entry.Step
				return e
			}
		}
	}
	return e
}

// A ProxyError is a proxy's refusal to open a connection.
type ProxyError struct {
	// Status is the proxy's HTTP status.
	Status int
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy answered with status %d", e.Status)
}

// CheckProxy is an [http.Transport.OnProxyConnectResponse] that keeps a refusal's
// status. Without it the transport returns the status text alone.
func CheckProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{resp.StatusCode}
}

// Steps lists every way in which a step fails, in the order in which they are asked
// for.
func Steps() []Step {
	list := []Step{None, Rejected}
	for _, table := range [][]entry{aws, network, {noCredentials, other}} {
		for _, e := range table {
			list = append(list, e.Step)
		}
	}
	return list
}
