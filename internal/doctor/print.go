package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteText prints the report for people. Write errors are ignored.
func (r *Report) WriteText(w io.Writer) {
	for _, examined := range r.Examined {
		fmt.Fprintf(w, "checked %s\n", examined)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "\n%s: %s: %s\n  %s\n  Fix: %s\n", f.Severity, f.ID, f.Where, f.Problem, f.Fix)
	}
	if len(r.Findings) == 0 {
		fmt.Fprint(w, "\nNo problems found.\n")
		return
	}
	fmt.Fprintf(w, "\n%s\n", r.Summary())
}

// Summary returns the number of errors and warnings as text.
func (r *Report) Summary() string {
	return fmt.Sprintf("errors: %d, warnings: %d", r.Count(Error), r.Count(Warning))
}

// WriteJSON prints the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
