package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// place is a cache point and what stands before it.
type place struct {
	block *Block
	where string // tools, after_tool_result, or ""
}

// cachePoints drops the points that the family does not take in their place, and
// the earliest of too many: a later one covers all that stands before it. Longer
// lifetimes must come first.
func (r *Request) cachePoints() error {
	points := r.places()
	kept := points[:0:0]
	for _, p := range points {
		if !slices.Contains(r.family.NoCachePoints, p.where) || p.where == "" {
			kept = append(kept, p)
			continue
		}
		if err := r.dropPoint(p, "With "+r.family.Rule()+", no cache point can stand here."); err != nil {
			return err
		}
	}
	if limit := r.family.MaxCachePoints; limit > 0 {
		for ; len(kept) > limit; kept = kept[1:] {
			if err := r.dropPoint(kept[0], "With "+r.family.Rule()+", there are too many cache points."); err != nil {
				return err
			}
		}
	}
	r.sweep()
	return lifetimes(kept)
}

// places lists the cache points in the order in which the service reads them.
func (r *Request) places() []place {
	var points []place
	list := func(blocks []Block, where string) {
		for i := range blocks {
			switch {
			case blocks[i].Kind != "cachePoint":
			case where == "" && i > 0 && blocks[i-1].Kind == "toolResult":
				points = append(points, place{&blocks[i], "after_tool_result"})
			default:
				points = append(points, place{&blocks[i], where})
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

// dropped is the kind of a block that sweep takes away.
const dropped = ""

func (r *Request) dropPoint(p place, problem string) error {
	p.block.Kind = dropped
	return r.repair(p.block.At, fault{
		"cache_point_dropped", problem, problem + " This one was left out.", "Keep the points that end the longest unchanging parts.",
	})
}

func (r *Request) sweep() {
	gone := func(b Block) bool { return b.Kind == dropped }
	r.tools, r.system = slices.DeleteFunc(r.tools, gone), slices.DeleteFunc(r.system, gone)
	for i := range r.turns {
		r.turns[i].blocks = slices.DeleteFunc(r.turns[i].blocks, gone)
	}
}

// lifetimes refuses a point of one hour after one of five minutes.
func lifetimes(points []place) error {
	short := ""
	for _, p := range points {
		long := rawjson.Kind(p.block.value) == '{' && rawjson.IsText(rawjson.Members(p.block.value).Get("ttl"), "1h")
		switch {
		case !long:
			short = p.block.At
		case short != "":
			return Invalid(p.block.At, "A cache point of one hour stands after one of five minutes, at "+short+".",
				"Put the longer lifetimes first, in the order tools, system, messages.")
		}
	}
	return nil
}
