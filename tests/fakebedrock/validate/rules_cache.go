package validate

import (
	"fmt"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// maxCachePoints is the limit of Claude and Nova.
const maxCachePoints = 4

// cachingNotAllowed is sent as an AccessDeniedException.
const cachingNotAllowed = "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information."

// cachePoint is a cache point and its position.
type cachePoint struct {
	point *converse.CachePoint
	at    string
	after *converse.Block // the preceding block in a message, if any
}

// cachePoints returns the cache points in order: tools, system, messages.
func (r *request) cachePoints() []cachePoint {
	var list []cachePoint
	if r.ToolConfig != nil {
		for i, t := range r.ToolConfig.Tools {
			if t.CachePoint != nil {
				list = append(list, cachePoint{point: t.CachePoint, at: fmt.Sprintf("toolConfig.tools.%d", i)})
			}
		}
	}
	for i, b := range r.System {
		if b.CachePoint != nil {
			list = append(list, cachePoint{point: b.CachePoint, at: fmt.Sprintf("system.%d", i)})
		}
	}
	for i, m := range r.Messages {
		for j, b := range m.Content {
			if b.CachePoint != nil {
				p := cachePoint{point: b.CachePoint, at: fmt.Sprintf("messages.%d.content.%d", i, j)}
				if j > 0 {
					p.after = &m.Content[j-1]
				}
				list = append(list, p)
			}
		}
	}
	return list
}

func cacheSupport(r *request) string {
	for _, p := range r.cachePoints() {
		switch {
		case r.model.matches(cachingDenied):
			return cachingNotAllowed
		case r.model.is("nvidia."):
			return "This model doesn't support prompt caching. Remove the cachePoint at " + p.at + " and try again."
		case r.model.is("amazon.nova") && p.point.TTL == "1h":
			return "Extended TTL prompt caching is only supported for Anthropic models"
		case r.model.is("amazon.nova") && (p.after != nil && p.after.ToolResult != nil || p.at[0] == 't'):
			return "extraneous key [cachePoint] is not permitted at " + p.at + ". Remove it and try again."
		}
	}
	return ""
}

func cachePointLimits(r *request) string {
	points := r.cachePoints()
	if len(points) > maxCachePoints {
		return returned("A maximum of %d blocks with cache_control may be provided. Found %d.", maxCachePoints, len(points))
	}
	short := false
	for _, p := range points {
		if p.point.TTL == "1h" && short {
			return returned("%s: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.", p.at)
		}
		short = short || p.point.TTL != "1h"
	}
	return ""
}
