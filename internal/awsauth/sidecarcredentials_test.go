package awsauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
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

// When AWS rejects one token in many calls, one fetch replaces it, and newer
// credentials stay.
func TestOneFetchForManyRefusals(t *testing.T) {
	f := &found{lasts: time.Hour}
	own := &sidecarCredentials{cache: aws.NewCredentialsCache(f), log: zap.NewNop()}
	oneFetchForManyRefusals(t, func() Principal { return Principal{sidecar: &usedCredentials{sidecarCredentials: own}} }, f.count)
}

// oneFetchForManyRefusals makes calls that are all signed with the same token, rejects
// that, and repeats them.
func oneFetchForManyRefusals(t *testing.T, principal func() Principal, count func() int) {
	t.Helper()
	const calls = 200
	var signed, done sync.WaitGroup
	signed.Add(calls)
	for range calls {
		done.Go(func() {
			p := principal()
			first, err := p.sidecar.Retrieve(t.Context())
			signed.Done()
			signed.Wait()
			if err != nil || !p.DropExpired() {
				t.Errorf("%v, or the token was not dropped", err)
			}
			second, err := p.sidecar.Retrieve(t.Context())
			if err != nil || second.AccessKeyID == first.AccessKeyID {
				t.Errorf("%s again, %v", second.AccessKeyID, err)
			}
		})
	}
	done.Wait()
	if count() != 2 {
		t.Errorf("%d fetches, want 2", count())
	}
}

// Refusals, fetches and renewals at the same time: each call gets credentials.
func TestCredentialsHammer(t *testing.T) {
	f := &found{lasts: 4 * time.Minute} // so that renewals run, too
	own := &sidecarCredentials{cache: aws.NewCredentialsCache(f), log: zap.NewNop()}
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for range 50 {
				p := Principal{sidecar: &usedCredentials{sidecarCredentials: own}}
				if c, err := p.sidecar.Retrieve(t.Context()); err != nil || c.AccessKeyID == "" {
					t.Errorf("%q, %v", c.AccessKeyID, err)
				}
				if i%2 == 0 {
					p.DropExpired()
				}
			}
		})
	}
	group.Wait()
}

// When the source of credentials works again, calls do within 2 s. Until then one fetch
// runs at a time. A request that hangs fails after attemptTimeout.
func TestCredentialsComeBackSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &found{takes: attemptTimeout, err: errRefused}
		own := &sidecarCredentials{cache: aws.NewCredentialsCache(f), log: zap.NewNop()}
		backAt := time.Now().Add(fetchTimeout)
		var mu sync.Mutex
		var worked time.Time // the first call that did
		var group sync.WaitGroup
		for i := range 8 * 50 { // 50 calls a second
			group.Go(func() {
				time.Sleep(time.Duration(i) * 20 * time.Millisecond)
				_, err := own.Retrieve(t.Context())
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && worked.IsZero():
					worked = time.Now()
				case err != nil && time.Since(backAt) > 2*time.Second:
					t.Errorf("a call fails %v later: %v", time.Since(backAt), err)
				}
			})
		}
		time.Sleep(time.Until(backAt))
		f.become(100*time.Millisecond, nil)
		group.Wait()
		if d := worked.Sub(backAt); worked.IsZero() || d > 2*time.Second || f.count() > 3 {
			t.Errorf("a call works after %v, with %d fetches", d, f.count())
		}
	})
}

// A request for credentials that hangs ends.
func TestRequestsForCredentialsAreBounded(t *testing.T) {
	bedrocktest.Isolate(t)
	cfg, err := NewLoader("us-east-1", zap.NewNop()).Profile(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); !ok || c.GetTimeout() != attemptTimeout {
		t.Errorf("%T has no timeout", cfg.HTTPClient)
	}
}

// Roles and web identities are as careful with refusals as the default chain.
func TestOneFetchForManyRefusalsOfRoles(t *testing.T) {
	for name, id := range map[string]Identity{
		"web identity": {}, "role": {RoleARN: template("arn:aws:iam::123456789012:role/one")}, "role of the caller": perTeam,
	} {
		t.Run(name, func(t *testing.T) {
			bedrocktest.Isolate(t)
			var asked atomic.Int64
			t.Setenv("AWS_ENDPOINT_URL_STS", bedrocktest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				action := r.FormValue("Action")
				_, _ = fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>ASIA%[2]d</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
					`<SessionToken>t</SessionToken><Expiration>%[3]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
					action, asked.Add(1), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			}))
			if name == "web identity" {
				token := filepath.Join(t.TempDir(), "token")
				if err := os.WriteFile(token, []byte("token"), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, v := range [][2]string{
					{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}, {"AWS_WEB_IDENTITY_TOKEN_FILE", token}, {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/one"},
				} {
					t.Setenv(v[0], v[1])
				}
			}
			auth, err := NewLoader("us-east-1", zap.NewNop()).Authenticator(t.Context(), id, Endpoint{})
			if err != nil {
				t.Fatal(err)
			}
			caller := translator.Caller{Values: map[string]string{"team": "one", "user": "ann"}}
			oneFetchForManyRefusals(t, func() Principal {
				p, err := auth.Principal(caller)
				if err != nil {
					t.Error(err)
				}
				return p
			}, func() int { return int(asked.Load()) })
		})
	}
}
