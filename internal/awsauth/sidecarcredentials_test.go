package awsauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// found is a provider that counts its calls and has a given delay.
type found struct {
	mu    sync.Mutex
	asked int
	takes time.Duration
	lasts time.Duration
	err   error
}

func (f *found) Retrieve(ctx context.Context) (aws.Credentials, error) {
	f.mu.Lock()
	f.asked++
	n, takes, lasts, err := f.asked, f.takes, f.lasts, f.err
	f.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return aws.Credentials{}, err
	}
	return aws.Credentials{AccessKeyID: fmt.Sprint("AKID", n), SecretAccessKey: "s", CanExpire: lasts > 0, Expires: time.Now().Add(lasts)}, nil
}

func (f *found) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (f *found) become(takes time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.takes, f.err = takes, err
}

var errRefused = errors.New("refused")

// A metadata service that never answers costs some calls seconds, not all calls
// minutes. When it answers, calls have credentials.
func TestSidecarCredentialsAreNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &found{takes: time.Hour}
		own := &sidecarCredentials{cache: aws.NewCredentialsCache(f), log: zap.NewNop()}
		waits := func() time.Duration {
			began := time.Now()
			_, err := own.Retrieve(t.Context())
			if e, ok := errors.AsType[*CredentialsError](err); !ok || e.NotConfigured {
				t.Errorf("got %v, want a CredentialsError of configured credentials", err)
			}
			return time.Since(began)
		}
		var group sync.WaitGroup
		for range 64 { // at once
			group.Go(func() {
				if d := waits(); d != fetchTimeout {
					t.Errorf("waited %v of synthetic time", d)
				}
			})
		}
		group.Wait()
		if d := waits(); d != 0 {
			t.Errorf("waited %v after a wait in vain", d)
		}
		time.Sleep(failureFor)
		group.Go(func() { // one finds out
			if d := waits(); d != fetchTimeout {
				t.Errorf("waited %v", d)
			}
		})
		synctest.Wait()
		if d := waits(); d != 0 {
			t.Errorf("waited %v while another one does", d)
		}
		group.Wait()
		time.Sleep(time.Hour) // the chain has answered the first call
		f.become(0, nil)
		if c, err := own.Retrieve(t.Context()); err != nil || c.AccessKeyID == "" {
			t.Errorf("got key %q, %v, want one", c.AccessKeyID, err)
		}
	})
}

// The failure of a client that leaves while it waits is not remembered, and neither
// is an immediate failure.
func TestWhatIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &found{takes: 3 * time.Second}
		own := &sidecarCredentials{cache: aws.NewCredentialsCache(f), log: zap.NewNop()}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if _, err := own.Retrieve(ctx); err == nil {
			t.Error("no error")
		}
		time.Sleep(time.Second)
		if _, err := own.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
		f = &found{err: errRefused}
		own = &sidecarCredentials{cache: aws.NewCredentialsCache(f), log: zap.NewNop()}
		if _, err := own.Retrieve(t.Context()); !errors.Is(err, errRefused) {
			t.Error(err)
		}
		f.become(0, nil)
		if _, err := own.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Credentials are renewed while the old ones are valid: no call waits.
func TestSidecarCredentialsAreRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &found{lasts: time.Hour}
		core, logs := observer.New(zap.WarnLevel)
		own := &sidecarCredentials{cache: aws.NewCredentialsCache(f), log: zap.New(core)}
		get := func(want string, count int) {
			t.Helper()
			began := time.Now()
			c, err := own.Retrieve(t.Context())
			synctest.Wait()
			if err != nil || c.AccessKeyID != want || time.Since(began) != 0 || f.count() != count {
				t.Errorf("%+v, %v after %v, asked %d times", c, err, time.Since(began), f.count())
			}
		}
		get("AKID1", 1)
		get("AKID1", 1)
		f.become(10*time.Second, errRefused)
		time.Sleep(56 * time.Minute)
		get("AKID1", 2) // and the renewal fails
		time.Sleep(11 * time.Second)
		get("AKID1", 2)
		f.become(10*time.Second, nil)
		time.Sleep(20 * time.Second)
		get("AKID1", 3)
		get("AKID1", 3)
		time.Sleep(11 * time.Second)
		get("AKID3", 3)
		if lines := logs.FilterField(zap.String("class", "credentials")).Len(); lines != 1 || logs.Len() != 1 {
			t.Errorf("one renewal failed, and the log has %v", logs.All())
		}
		f.become(time.Second, nil)
		time.Sleep(2 * time.Hour) // nobody asks
		if c, err := own.Retrieve(t.Context()); err != nil || c.AccessKeyID != "AKID4" {
			t.Errorf("got key %q, %v, want AKID4", c.AccessKeyID, err)
		}
	})
}
