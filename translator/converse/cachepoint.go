package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// cachePoint is a cachePoint block and its position: after_reasoning, a word of
// family.Family.NoCachePoints (tools, after_tool_result), or "" for elsewhere.
type cachePoint struct {
	block    *Block
	position string
}

// CacheControl makes the cache point for a marker of another API, {"type": "ephemeral",
// "ttl": …}, which belongs behind the marked content. An absent marker makes none.
func (r *Request) CacheControl(f Field) ([]Block, error) {
	if rawjson.Absent(f.Value) {
		return nil, nil
	}
	marker, err := ReadObject(f)
	if err != nil {
		return nil, err
	}
	r.WarnUnknown(marker, "type", "ttl", "mode")
	if err := r.count(f.At); err != nil {
		return nil, err
	}
	ttl := given(marker.Get("ttl"))
	if ttl != nil && !rawjson.IsText(ttl, "5m") && !rawjson.IsText(ttl, "1h") && !r.passes() {
		ttl = nil
		r.warn(f.At+".ttl", faultCacheTTL)
	}
	point := rawjson.Object{{Name: "ttl", Value: ttl}, {Name: "type", Value: rawjson.Value(`"default"`)}}
	return []Block{{Kind: "cachePoint", At: f.At, value: point.Value(), mark: true}}, nil
}

// MarkTool adds the cache point for a marker of the tool that was added last; see
// CacheControl.
func (r *Request) MarkTool(f Field) error {
	point, err := r.CacheControl(f)
	r.tools = appendPlaced(r.tools, point...)
	return err
}

// Mark appends the cache point for a marker; see CacheControl. Without blocks there is
// nothing to cache.
func (r *Request) Mark(blocks []Block, marker Field) ([]Block, error) {
	point, err := r.CacheControl(marker)
	if err != nil || len(blocks) == 0 {
		return blocks, err
	}
	return append(blocks, point...), nil
}

// MarkEnd is Mark for the end of the conversation so far, unless a cache point is there.
func (r *Request) MarkEnd(marker Field) error {
	if len(r.turns) == 0 {
		return nil
	}
	last := &r.turns[len(r.turns)-1]
	if n := len(last.blocks); n == 0 || last.blocks[n-1].Kind == "cachePoint" {
		return nil
	}
	point, err := r.CacheControl(marker)
	last.blocks = appendPlaced(last.blocks, point...)
	return err
}

// appendPlaced appends blocks so that Bedrock accepts the cache points of markers: of two
// for the same content the last one counts, and blank text separates one from a document,
// since Bedrock refuses a cache point straight behind it.
func appendPlaced(list []Block, blocks ...Block) []Block {
	for _, b := range blocks {
		before := ""
		if n := len(list); n > 0 && b.mark {
			before = list[n-1].Kind
		}
		switch before {
		case "cachePoint":
			list = list[:len(list)-1]
		case "document":
			list = append(list, TextBlock(" ", b.At))
		}
		list = append(list, b)
	}
	return list
}

// dropCachePoints drops the points in positions that the family does not accept,
// and the earliest of too many: a later one covers all that comes before it.
func (r *Request) dropCachePoints() error {
	points := r.cachePoints()
	kept := points[:0:0]
	for _, p := range points {
		if p.position == "after_reasoning" {
			p.block.Kind = ""
			if err := r.repair(p.block.At, faultCachePointReasoning); err != nil {
				return err
			}
			continue
		}
		if !r.noCachePoint(p.position) {
			kept = append(kept, p)
			continue
		}
		if err := r.dropCachePoint(p, faultCachePointPosition, r.family.NoCachePoints.Evidence); err != nil {
			return err
		}
	}
	if limit := r.family.MaxCachePoints.Value; limit > 0 {
		for ; len(kept) > limit; kept = kept[1:] {
			if err := r.dropCachePoint(kept[0], faultCachePointCount, r.family.MaxCachePoints.Evidence); err != nil {
				return err
			}
		}
	}
	dropped := func(b Block) bool { return b.Kind == "" }
	r.tools, r.system = slices.DeleteFunc(r.tools, dropped), slices.DeleteFunc(r.system, dropped)
	for i := range r.turns {
		r.turns[i].blocks = slices.DeleteFunc(r.turns[i].blocks, dropped)
	}
	return nil
}

func (r *Request) noCachePoint(position string) bool {
	refused := r.family.NoCachePoints.Value
	return slices.Contains(refused, "anywhere") || position != "" && slices.Contains(refused, position)
}

// shortenCachePoints leaves out the lifetime of one hour where the family does not accept
// it.
func (r *Request) shortenCachePoints() error {
	if r.family.CacheHour.Value != "refused" {
		return nil
	}
	for _, p := range r.cachePoints() {
		if rawjson.Kind(p.block.value) != '{' || !rawjson.IsText(p.block.get("ttl"), "1h") {
			continue
		}
		p.block.set("ttl", nil)
		if err := r.repair(p.block.At, faultCacheHour.with(values{family: r.family, evidence: r.family.CacheHour.Evidence})); err != nil {
			return err
		}
	}
	return nil
}

// dropCachePoint marks a block as dropped, by an empty kind.
func (r *Request) dropCachePoint(p cachePoint, f template, evidence string) error {
	p.block.Kind = ""
	return r.repair(p.block.At, f.with(values{family: r.family, evidence: evidence, count: r.family.MaxCachePoints.Value}))
}

// cachePoints lists the cache points in the order in which Bedrock reads them.
func (r *Request) cachePoints() []cachePoint {
	var points []cachePoint
	list := func(blocks []Block, position string) {
		before := "" // the kind of the block before, other than cache points
		for i := range blocks {
			b := &blocks[i]
			switch {
			case b.Kind != "cachePoint":
				before = b.Kind
			case before == "reasoningContent":
				points = append(points, cachePoint{b, "after_reasoning"})
			case before == "toolResult":
				points = append(points, cachePoint{b, "after_tool_result"})
			default:
				points = append(points, cachePoint{b, position})
			}
		}
	}
	list(r.tools, "tools")
	list(r.system, "")
	for i := range r.turns {
		list(r.turns[i].blocks, "")
	}
	return points
}

// checkCacheOrder refuses a cache point of one hour after one of five minutes.
func (r *Request) checkCacheOrder() error {
	short := ""
	for _, p := range r.cachePoints() {
		long := rawjson.Kind(p.block.value) == '{' && rawjson.IsText(p.block.get("ttl"), "1h")
		switch {
		case !long:
			short = p.block.At
		case short != "":
			return Refuse(p.block.At, faultCachePointOrder.with(values{path: short}))
		}
	}
	return nil
}
