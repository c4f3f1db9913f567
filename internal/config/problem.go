package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bedrock-extproc/internal/bedrock"
)

// A problem is one problem of a file.
type problem struct {
	line int
	path string
	text string // with file, line and path
}

// problem records a problem of the value at a path.
func (d *decoder) problem(path, format string, args ...any) {
	d.problemAt(d.line(path), path, fmt.Sprintf(format, args...))
}

func (d *decoder) problemAt(line int, path, text string) {
	if path != "" {
		text = path + ": " + text
	}
	d.problems = append(d.problems, problem{line, path, d.place(line) + text})
}

// place returns the beginning of a problem, "file:line: "; an unknown line is left
// out.
func (d *decoder) place(line int) string {
	switch {
	case d.file == "":
		return ""
	case line == 0:
		return d.file + ": "
	default:
		return fmt.Sprintf("%s:%d: ", d.file, line)
	}
}

// given reports whether the file has a value at a path.
func (d *decoder) given(path string) bool {
	_, ok := d.lines[path]
	return ok
}

// line is the line of the value at a path, or of the nearest value around it.
func (d *decoder) line(path string) int {
	for path != "" && !d.given(path) {
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return d.lines[path]
}

// addBedrock adds problems of the backends' settings. A value that has a problem
// already gets no second one: it would say the same or follow from the first.
func (d *decoder) addBedrock(found bedrock.Problems) {
	taken := map[string]bool{}
	for _, p := range d.problems {
		taken[p.path] = true
	}
	for _, p := range found {
		path := d.settings[p.Backend]
		switch {
		case p.Backend == "" && p.Key == "default":
			path = "providers.llm.default"
		case path == "": // of the environment, or of a backend that the file does not name
			d.problemAt(0, "", p.Error())
			continue
		case p.Key != "":
			path += "." + p.Key
		}
		if !taken[path] {
			d.problem(path, "%s", p.Text)
		}
	}
}

// err has a line for each problem, in the order of the file.
func (d *decoder) err() error {
	slices.SortStableFunc(d.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	lines := make([]string, len(d.problems))
	for i, p := range d.problems {
		lines[i] = p.text
	}
	return errors.New(strings.Join(lines, "\n"))
}
