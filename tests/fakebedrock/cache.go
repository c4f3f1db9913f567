package fakebedrock

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// maxCached limits the prefixes that are remembered. Then the cache starts over.
const maxCached = 10000

// promptCache remembers the prefixes that requests mark with cache points. Prefixes
// must match byte for byte, so an unstable client gets no cache reads. Unlike the
// service, it has no minimum length. The zero value is ready to use; it is safe for
// concurrent use.
type promptCache struct {
	mu      sync.Mutex
	expires map[[sha256.Size]byte]time.Time
}

// prefix is the part of a request before a cache point.
type prefix struct {
	hash   [sha256.Size]byte
	tokens int
	ttl    string
}

// apply splits the input tokens of u into cache reads, cache writes and the rest.
func (c *promptCache) apply(r *Request, u *converse.Usage, now time.Time) {
	prefixes := prefixesOf(r)
	if len(prefixes) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expires == nil || len(c.expires) > maxCached {
		c.expires = map[[sha256.Size]byte]time.Time{}
	}
	for _, p := range prefixes {
		if c.expires[p.hash].After(now) {
			u.CacheReadTokens = p.tokens
		}
	}
	written := map[string]int{}
	known := u.CacheReadTokens
	for _, p := range prefixes {
		if p.tokens > known {
			written[p.ttl] += p.tokens - known
			known = p.tokens
		}
		c.expires[p.hash] = now.Add(lifetime(p.ttl))
	}
	u.CacheWriteTokens = known - u.CacheReadTokens
	u.InputTokens = max(u.InputTokens-known, 1)
	for _, ttl := range []string{"1h", "5m"} {
		if written[ttl] > 0 {
			u.CacheDetails = append(u.CacheDetails, converse.CacheDetail{InputTokens: written[ttl], TTL: ttl})
		}
	}
}

func lifetime(ttl string) time.Duration {
	if ttl == "1h" {
		return time.Hour
	}
	return 5 * time.Minute
}

// prefixesOf returns the prefixes in order: tools, system, messages.
func prefixesOf(r *Request) []prefix {
	if !bytes.Contains(r.Body, []byte(`"cachePoint"`)) {
		return nil
	}
	var list []prefix
	seen, size := sha256.New(), 0
	seen.Write([]byte(r.ModelID + "\n"))
	for _, part := range cacheable(r.Body) {
		var block struct{ CachePoint *converse.CachePoint }
		if json.Unmarshal(part, &block) != nil || block.CachePoint == nil {
			seen.Write(part)
			size += len(part)
			continue
		}
		p := prefix{tokens: size / 4, ttl: cmp.Or(block.CachePoint.TTL, "5m")}
		seen.Sum(p.hash[:0])
		list = append(list, p)
	}
	return list
}

// cacheable returns the parts of a body in the order of a prefix.
func cacheable(raw []byte) []json.RawMessage {
	var body struct {
		ToolConfig struct{ Tools []json.RawMessage }
		System     []json.RawMessage
		Messages   []struct{ Content []json.RawMessage }
	}
	if json.Unmarshal(raw, &body) != nil {
		return nil
	}
	parts := slices.Concat(body.ToolConfig.Tools, body.System)
	for _, m := range body.Messages {
		parts = append(parts, m.Content...)
	}
	return parts
}
