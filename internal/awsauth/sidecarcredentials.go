package awsauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"go.uber.org/zap"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

const (
	// fetchTimeout bounds a call's wait for credentials. Without a metadata service,
	// only the network would limit that wait.
	fetchTimeout = 5 * time.Second
	// A fetch that fails after slowFailure or later is remembered for failureFor, so
	// that the next calls fail at once.
	slowFailure = time.Second
	failureFor  = 15 * time.Second
	// Credentials that expire within renewBefore are renewed in the background, at
	// most once per renewEvery and for no longer than renewTimeout.
	renewBefore  = 5 * time.Minute
	renewEvery   = 30 * time.Second
	renewTimeout = 30 * time.Second
)

// A credentialsCache fetches credentials. [aws.CredentialsCache] is one.
type credentialsCache interface {
	aws.CredentialsProvider
	// Invalidate makes the next Retrieve fetch again.
	Invalidate()
}

// sidecarCredentials are the credentials of one identity of the sidecar. The first
// call that needs them fetches them. It is safe for concurrent use.
type sidecarCredentials struct {
	cache   credentialsCache
	what    string                          // the identity, for errors
	secrets []string                        // that no error may show
	log     *zap.Logger                     // of renewals
	current atomic.Pointer[aws.Credentials] // the latest that were fetched

	mu          sync.Mutex
	renewableAt time.Time // when the next renewal may begin
	failure     error     // of the last slow fetch
	failedUntil time.Time // until then calls get failure
}

func (c *sidecarCredentials) forCaller(translator.Caller) (*sidecarCredentials, error) { return c, nil }

func (*sidecarCredentials) payer(translator.Caller) string { return "" }

// Retrieve implements [aws.CredentialsProvider]. Its error is a *CredentialsError.
func (c *sidecarCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if v := c.current.Load(); v != nil && !v.Expired() {
		if v.CanExpire && time.Until(v.Expires) < renewBefore && c.claimRenewal() {
			go c.renew(context.WithoutCancel(ctx))
		}
		return *v, nil
	}
	if err := c.claimFetch(); err != nil {
		return aws.Credentials{}, err
	}
	began := time.Now()
	err := c.fetch(ctx, fetchTimeout)
	c.recordFetch(err, ctx.Err() == nil && time.Since(began) >= slowFailure)
	if err != nil {
		return aws.Credentials{}, err
	}
	return *c.current.Load(), nil
}

// fetch asks the cache and stores its credentials in current.
func (c *sidecarCredentials) fetch(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	creds, err := c.cache.Retrieve(ctx)
	if err != nil {
		return c.failed(ctx, err, timeout)
	}
	c.current.Store(&creds)
	return nil
}

// failed is the error of a fetch. ctx is that of the fetch.
func (c *sidecarCredentials) failed(ctx context.Context, err error, timeout time.Duration) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no credentials of %s within %v: %w", c.what, timeout, err)
	}
	e := &CredentialsError{
		// The default chain asks for the instance's role last, when nothing else is
		// configured.
		NotConfigured: aws.IsCredentialsProvider(c.cache, (*ec2rolecreds.Provider)(nil)),
		Cause:         cause.FindCredentials(err, append(secretsOfEnvironment(), c.secrets...)...),
	}
	if e.NotConfigured {
		e.Cause.Step = cause.None
		e.Cause.Detail = cause.None.Text + ": " + e.Cause.Detail
	}
	return e
}

// claimRenewal reports whether the caller must renew the credentials, and stops
// others from doing so for renewEvery.
func (c *sidecarCredentials) claimRenewal() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.renewableAt) {
		return false
	}
	c.renewableAt = time.Now().Add(renewEvery)
	return true
}

// renew fetches new credentials while the current ones are still valid. It ends
// within renewTimeout. After a failure the next renewal tries again, or the first call
// without valid credentials.
func (c *sidecarCredentials) renew(ctx context.Context) {
	c.cache.Invalidate()
	err := c.fetch(ctx, renewTimeout)
	if e, ok := errors.AsType[*CredentialsError](err); ok {
		c.log.Warn("cannot renew the sidecar's AWS credentials, the current ones stay in use until they expire",
			zap.String("class", string(e.Cause.Class)), zap.String("cause", e.Error()))
	}
}

// drop drops credentials that AWS has rejected as expired. It returns false for keys
// without an expiry, which a fetch would only return again.
func (c *sidecarCredentials) drop() bool {
	if v := c.current.Load(); v != nil && !v.CanExpire {
		return false
	}
	c.cache.Invalidate()
	c.current.Store(nil)
	return true
}

// claimFetch returns nil if the caller must fetch, and the remembered failure
// otherwise. After failedUntil, one caller at a time fetches.
func (c *sidecarCredentials) claimFetch() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil && time.Now().Before(c.failedUntil) {
		return c.failure
	}
	c.failedUntil = time.Now().Add(fetchTimeout)
	return nil
}

// recordFetch remembers a slow failure, and forgets it after a success.
func (c *sidecarCredentials) recordFetch(err error, slow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil || slow {
		c.failure, c.failedUntil = err, time.Now().Add(failureFor)
	}
}
