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
	// that the next calls fail at once. It is short: the first call after it finds out
	// whether the source of the credentials works again.
	slowFailure = time.Second
	failureFor  = time.Second
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
// call that needs them fetches them, and calls at the same time wait for that fetch.
// It is safe for concurrent use.
type sidecarCredentials struct {
	cache   credentialsCache                // used by one fetch at a time
	what    string                          // the identity, for errors
	secrets []string                        // that no error may show
	log     *zap.Logger                     // of renewals
	current atomic.Pointer[aws.Credentials] // the latest that were fetched, nil after drop

	mu          sync.Mutex // of what follows, and of stores to current
	fetching    *fetch     // nil when none runs
	renewableAt time.Time  // when the next renewal may begin
	lastFailed  bool       // the last fetch
	failure     error      // of the last slow fetch
	failedUntil time.Time  // until then calls get failure
}

// A fetch is what the calls that wait for credentials share. The result is valid when
// done is closed.
type fetch struct {
	done  chan struct{}
	creds aws.Credentials
	err   error // a *CredentialsError
}

func (c *sidecarCredentials) forCaller(translator.Caller) (*sidecarCredentials, error) { return c, nil }

func (*sidecarCredentials) payer(translator.Caller) string { return "" }

func (c *sidecarCredentials) state() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch v := c.current.Load(); {
	case v != nil && !v.Expired():
		return Found
	case c.lastFailed:
		return Missing
	}
	return Unknown
}

// Retrieve implements [aws.CredentialsProvider]. Its error is a *CredentialsError.
func (c *sidecarCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if v := c.current.Load(); v != nil && !v.Expired() {
		if v.CanExpire && time.Until(v.Expires) < renewBefore {
			c.renew(ctx)
		}
		return *v, nil
	}
	f, err := c.join(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	select {
	case <-f.done:
		return f.creds, f.err
	case <-ctx.Done():
		return aws.Credentials{}, c.failed(ctx, ctx.Err(), fetchTimeout)
	}
}

// join returns the fetch to wait for, which it begins if there is none. After a slow
// failure only one caller waits, and the others get that failure.
func (c *sidecarCredentials) join(ctx context.Context) (*fetch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch v := c.current.Load(); {
	case v != nil && !v.Expired(): // fetched a moment ago
		f := &fetch{done: make(chan struct{}), creds: *v}
		close(f.done)
		return f, nil
	case c.failure != nil && (c.fetching != nil || time.Now().Before(c.failedUntil)):
		return nil, c.failure
	case c.fetching == nil:
		c.begin(ctx, fetchTimeout)
	}
	return c.fetching, nil
}

// begin starts a fetch in a goroutine, which ends within timeout. It outlives the call
// that needs it first, because others may wait for it. The caller holds the lock.
func (c *sidecarCredentials) begin(ctx context.Context, timeout time.Duration) {
	f := &fetch{done: make(chan struct{})}
	c.fetching = f
	go func() {
		defer close(f.done)
		began := time.Now()
		f.creds, f.err = c.fetch(context.WithoutCancel(ctx), timeout)
		c.end(f, time.Since(began) >= slowFailure)
	}()
}

func (c *sidecarCredentials) fetch(ctx context.Context, timeout time.Duration) (aws.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c.cache.Invalidate()
	creds, err := c.cache.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, c.failed(ctx, err, timeout)
	}
	return creds, nil
}

// end keeps the result of a fetch: its credentials, or its failure if it was slow. The
// failure of a renewal is logged only, because the credentials are still valid.
func (c *sidecarCredentials) end(f *fetch, slow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetching, c.lastFailed = nil, f.err != nil
	v := c.current.Load()
	switch {
	case f.err == nil:
		c.current.Store(&f.creds)
		c.failure = nil
	case v != nil && !v.Expired():
		c.logRenewal(f.err)
	case slow:
		c.failure, c.failedUntil = f.err, time.Now().Add(failureFor)
	}
}

func (c *sidecarCredentials) logRenewal(err error) {
	if e, ok := errors.AsType[*CredentialsError](err); ok {
		c.log.Warn("cannot renew the sidecar's AWS credentials, the current ones stay in use until they expire",
			zap.String("class", string(e.Cause.Class)), zap.String("cause", e.Error()))
	}
}

// renew begins to fetch new credentials while the current ones are still valid, unless
// that was tried within renewEvery.
func (c *sidecarCredentials) renew(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fetching != nil || time.Now().Before(c.renewableAt) {
		return
	}
	c.renewableAt = time.Now().Add(renewEvery)
	c.begin(ctx, renewTimeout)
}

// drop drops credentials that AWS has rejected as expired, unless there are newer ones
// already. It reports whether the next call may have others: a fetch would only return
// keys without an expiry again.
func (c *sidecarCredentials) drop(rejected *aws.Credentials) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rejected == nil || !rejected.CanExpire {
		return false
	}
	if v := c.current.Load(); v != nil && v.AccessKeyID == rejected.AccessKeyID && v.SessionToken == rejected.SessionToken {
		c.current.Store(nil)
	}
	return true
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
