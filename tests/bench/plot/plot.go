// Package plot draws line charts as SVG. They are readable on light and on dark pages: the
// viewer's preference chooses the colours.
package plot

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// A Point is a measured value, and the range in which it was in all rounds.
type Point struct{ X, Y, Min, Max float64 }

// A Series is a line of points in the order of X.
type Series struct {
	Name   string
	Points []Point
}

// A Chart has all X on a logarithmic axis, at equal distances if each is a multiple of the one
// before, and Y on a linear axis from 0.
type Chart struct {
	Title, X, Y string // texts
	Series      []Series
}

// The size of a chart, and the space around its lines, in pixels.
const (
	width, height            = 640, 340
	left, right, top, bottom = 62, 150, 40, 48
)

const style = `<style>
text{font:12px system-ui,sans-serif;fill:#24292f}
.title{font-size:14px;font-weight:600}
.grid{stroke:#d0d7de;stroke-width:1}
.s0{--c:#0969da}.s1{--c:#bc4c00}.s2{--c:#1a7f37}.s3{--c:#8250df}
path{fill:none;stroke:var(--c);stroke-width:2}
circle{fill:var(--c)}
.range{stroke-width:1;opacity:.5}
text.name{fill:var(--c);font-weight:600}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.grid{stroke:#3d444d}
.s0{--c:#4493f8}.s1{--c:#f0883e}.s2{--c:#3fb950}.s3{--c:#ab7df8}
}
</style>
`

// SVG draws the chart. Series after the fourth get the colours of the first again.
func (c *Chart) SVG() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n%s", width, height, html.EscapeString(c.Title), style)
	fmt.Fprintf(&b, `<text class="title" x="%d" y="20">%s</text>`+"\n", left, html.EscapeString(c.Title))
	s := c.scale()
	s.drawAxes(&b, c)
	last := -math.MaxFloat64
	for _, i := range c.fromTop() {
		last = s.drawSeries(&b, i, &c.Series[i], last)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// scale maps values to pixels.
type scale struct {
	minX, maxX, maxY float64
	step             float64 // between two lines of the grid
}

func (c *Chart) scale() scale {
	s := scale{minX: math.MaxFloat64}
	for _, series := range c.Series {
		for _, p := range series.Points {
			s.minX, s.maxX, s.maxY = min(s.minX, p.X), max(s.maxX, p.X), max(s.maxY, p.Y)
		}
	}
	s.step = niceStep(s.maxY / 5)
	s.maxY = math.Ceil(s.maxY/s.step) * s.step
	return s
}

// niceStep is the next number that is 1, 2 or 5 times a power of ten.
func niceStep(atLeast float64) float64 {
	if atLeast <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(atLeast)))
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= atLeast {
			return factor * power
		}
	}
	return 10 * power
}

func (s *scale) x(v float64) float64 {
	if s.maxX <= s.minX {
		return left
	}
	return left + (width-left-right)*math.Log(v/s.minX)/math.Log(s.maxX/s.minX)
}

// y keeps what is above the axis at its end.
func (s *scale) y(v float64) float64 {
	return height - bottom - (height-top-bottom)*min(v/s.maxY, 1)
}

func (s *scale) drawAxes(b *strings.Builder, c *Chart) {
	for v := 0.0; v <= s.maxY*1.001; v += s.step {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, left, width-right, s.y(v), s.y(v))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%.6g</text>`+"\n", left-8, s.y(v)+4, v)
	}
	seen := map[float64]bool{}
	for _, series := range c.Series {
		for _, p := range series.Points {
			if !seen[p.X] {
				seen[p.X] = true
				fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%.6g</text>`+"\n", s.x(p.X), height-bottom+18, p.X)
			}
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+width-right)/2, height-10, html.EscapeString(c.X))
	fmt.Fprintf(b, `<text transform="translate(14 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+height-bottom)/2, html.EscapeString(c.Y))
}

// lineHeight is the least distance of two names.
const lineHeight = 15

// fromTop orders the series by their last points, the highest first.
func (c *Chart) fromTop() []int {
	order := make([]int, len(c.Series))
	for i := range order {
		order[i] = i
	}
	last := func(i int) float64 { return c.Series[i].Points[len(c.Series[i].Points)-1].Y }
	for i := range order {
		for j := i; j > 0 && last(order[j]) > last(order[j-1]); j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	return order
}

// drawSeries draws a line with the ranges of its points, and its name at the end, below the
// name at height above. It returns the height of the name.
func (s *scale) drawSeries(b *strings.Builder, number int, series *Series, above float64) float64 {
	fmt.Fprintf(b, `<g class="s%d">`, number%4)
	var line strings.Builder
	command := "M"
	for _, p := range series.Points {
		x, y := s.x(p.X), s.y(p.Y)
		fmt.Fprintf(&line, "%s%.1f %.1f", command, x, y)
		command = "L"
		fmt.Fprintf(b, `<path class="range" d="M%.1f %.1fV%.1f"/><circle cx="%.1f" cy="%.1f" r="3"/>`, x, s.y(p.Min), s.y(p.Max), x, y)
	}
	end := series.Points[len(series.Points)-1]
	at := max(s.y(end.Y)+4, above+lineHeight)
	fmt.Fprintf(b, `<path d="%s"/><text class="name" x="%.1f" y="%.1f">%s</text></g>`+"\n", line.String(), s.x(end.X)+10, at, html.EscapeString(series.Name))
	return at
}
