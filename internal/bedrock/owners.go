package bedrock

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/cause"
)

// ownerTimeout bounds the search for one backend's credentials.
const ownerTimeout = 5 * time.Second

// LogOwners logs whose credentials each backend uses for callers without keys, or what
// is missing and how to fix it. It ends early with ctx.
func (bs *Backends) LogOwners(ctx context.Context) {
	for _, b := range bs.list {
		if b.mode == ServerNever {
			b.log.Info("callers bring their own AWS credentials", zap.String("backend", b.name), zap.String("region", b.region))
			continue
		}
		b.logOwner(ctx)
		if ctx.Err() != nil {
			return
		}
	}
}

// LookAgain is LogOwners for the backends whose credentials are not known to be found.
func (bs *Backends) LookAgain(ctx context.Context) {
	for _, b := range bs.list {
		if b.mode != ServerNever && b.auth.Credentials() != awsauth.Found && ctx.Err() == nil {
			b.logOwner(ctx)
		}
	}
}

// WithoutCredentials tells which backends could not get credentials of their own when
// they last tried, by the names of all backends. It makes no call.
func (bs *Backends) WithoutCredentials() map[string]bool {
	missing := map[string]bool{}
	for _, b := range bs.list {
		missing[b.name] = b.mode != ServerNever && b.auth.Credentials() == awsauth.Missing
	}
	return missing
}

func (b *Backend) logOwner(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	owner, err := b.auth.Owner(limited, !b.client.HasOwnEndpoint())
	if ctx.Err() != nil {
		return
	}
	fields := []zap.Field{zap.String("backend", b.name), zap.String("region", b.region)}
	for _, f := range []struct{ name, value string }{
		{"source", owner.Source}, {"access_key_id", owner.AccessKeyID}, {"account", owner.Account}, {"arn", owner.ARN}, {"assumes", owner.Role},
	} {
		if f.value != "" {
			fields = append(fields, zap.String(f.name, f.value))
		}
	}
	found, failed := errors.AsType[*cause.Error](err)
	switch {
	case !failed:
		b.log.Info("AWS credentials found", fields...)
	case owner.Source != "":
		b.log.Warn("AWS credentials found, but STS does not confirm them", append(fields, causeFields(found)...)...)
	default:
		b.log.Warn("no AWS credentials: only calls with credentials of their own can work", append(fields, causeFields(found)...)...)
	}
}

func causeFields(e *cause.Error) []zap.Field {
	return []zap.Field{zap.String("class", string(e.Class)), zap.String("cause", e.Detail), zap.String("fix", e.Fix)}
}
