package bedrock

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
)

const (
	// credentialsTimeout bounds a call's wait for the sidecar's own credentials,
	// which without a metadata service would last as long as the network likes.
	credentialsTimeout = 5 * time.Second
	// A wait in vain that was longer than slowFailure is not begun again before
	// missingFor has passed.
	slowFailure = time.Second
	missingFor  = 15 * time.Second
	// Credentials are renewed from renewBefore their end on, beside the calls, at
	// most once in renewEvery and for no longer than renewTimeout.
	renewBefore  = 5 * time.Minute
	renewEvery   = 30 * time.Second
	renewTimeout = 30 * time.Second
)

// A chain finds credentials. [aws.CredentialsCache] is one.
type chain interface {
	aws.CredentialsProvider
	// Invalidate makes the next Retrieve fetch anew.
	Invalidate()
}

// ownCredentials is an identity of the sidecar. Nothing is fetched before the
// first call that needs it. It is safe for concurrent use.
type ownCredentials struct {
	chain   chain
	current atomic.Pointer[aws.Credentials] // the latest that were fetched

	mu        sync.Mutex
	renewable time.Time // when the next renewal may begin
	missing   error     // of the last slow failure
	until     time.Time // that it is answered with
}

// Retrieve implements [aws.CredentialsProvider]. Its error is a *credentialsError.
func (o *ownCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if c := o.current.Load(); c != nil && !c.Expired() {
		if c.CanExpire && time.Until(c.Expires) < renewBefore && o.mayRenew() {
			go o.renew(context.WithoutCancel(ctx))
		}
		return *c, nil
	}
	if err := o.stillMissing(); err != nil {
		return aws.Credentials{}, err
	}
	began := time.Now()
	err := o.fetch(ctx, credentialsTimeout)
	o.remember(err, ctx.Err() == nil && time.Since(began) >= slowFailure)
	if err != nil {
		return aws.Credentials{}, err
	}
	return *o.current.Load(), nil
}

// fetch asks the chain.
func (o *ownCredentials) fetch(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	creds, err := o.chain.Retrieve(ctx)
	if err != nil {
		return &credentialsError{
			// The instance's role is the chain's last resort: it is asked when
			// nothing else is configured.
			none: aws.IsCredentialsProvider(o.chain, (*ec2rolecreds.Provider)(nil)),
			err:  err,
		}
	}
	o.current.Store(&creds)
	return nil
}

// mayRenew claims a renewal.
func (o *ownCredentials) mayRenew() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Now().Before(o.renewable) {
		return false
	}
	o.renewable = time.Now().Add(renewEvery)
	return true
}

// renew fetches credentials while those that there are still serve. It ends within
// renewTimeout. A failure is for the next renewal, or for the first call without
// valid credentials, to report.
func (o *ownCredentials) renew(ctx context.Context) {
	o.chain.Invalidate()
	_ = o.fetch(ctx, renewTimeout)
}

// forget drops credentials that AWS has called expired. It returns false when no
// others are to be expected.
func (o *ownCredentials) forget() bool {
	if c := o.current.Load(); c != nil && !c.CanExpire {
		return false
	}
	o.chain.Invalidate()
	o.current.Store(nil)
	return true
}

// stillMissing is the error of a wait in vain that was not long ago. After it, one
// call is let through to find out.
func (o *ownCredentials) stillMissing() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.missing != nil && time.Now().Before(o.until) {
		return o.missing
	}
	o.until = time.Now().Add(credentialsTimeout)
	return nil
}

// remember notes how a fetch went.
func (o *ownCredentials) remember(err error, slow bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil || slow {
		o.missing, o.until = err, time.Now().Add(missingFor)
	}
}

// A credentialsError says that the sidecar's own credentials could not be had.
type credentialsError struct {
	// none: there is no sign that it should have any.
	none bool
	err  error
}

func (e *credentialsError) Error() string { return "the sidecar's own credentials: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }
