package converse

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/tools/txtar"

	"bedrock-extproc/tests/page"
)

var update = flag.Bool("update", false, "write docs/warnings.md again")

const (
	faultsFile  = "faults.go"
	warningPage = "../../docs/warnings.md"
)

// A row is one fault of the table, by the name of its variable.
type row struct {
	name     string
	template bool
	Fault
}

// table reads the faults from their source, in order.
func table(t *testing.T) []row {
	t.Helper()
	var rows []row
	for _, decl := range parse(t, faultsFile).Decls {
		for _, spec := range decl.(*ast.GenDecl).Specs {
			v := spec.(*ast.ValueSpec)
			lit := v.Values[0].(*ast.CompositeLit)
			r := row{name: v.Names[0].Name, template: lit.Type.(*ast.Ident).Name == "template"}
			for _, e := range lit.Elts {
				kv := e.(*ast.KeyValueExpr)
				switch key := kv.Key.(*ast.Ident).Name; key {
				case "code":
					r.code = constant(t, kv.Value)
				case "problem":
					r.problem = constant(t, kv.Value)
				case "done":
					r.done = constant(t, kv.Value)
				case "hint":
					r.hint = constant(t, kv.Value)
				case "evidence":
					r.evidence = constant(t, kv.Value)
				case "malformed":
					r.malformed = true
				}
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func constant(t *testing.T, e ast.Expr) string {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("%s: a text is not a literal", faultsFile)
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestWarningsPage compares docs/warnings.md with the table.
func TestWarningsPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/warnings.md")
	if err != nil {
		t.Fatal(err)
	}
	warnings := "| code | fault | what was done | what to do |\n|---|---|---|---|\n"
	refusals := "| name | status | message | what to do |\n|---|---|---|---|\n"
	for _, r := range table(t) {
		if r.template {
			for _, text := range []*string{&r.problem, &r.done, &r.hint} {
				*text = placeholder.ReplaceAllString(*text, "*$1*")
			}
		}
		switch {
		case r.done != "":
			warnings += fmt.Sprintf("| `%s` | %s | %s | %s |\n", r.code, cell(r.problem), cell(r.done), cell(r.hint))
		case r.malformed:
			refusals += fmt.Sprintf("| `%s` | 422 | %s | %s |\n", r.code, cell(r.problem), cell(r.hint))
		default:
			refusals += fmt.Sprintf("| `%s` | 400 | %s | %s |\n", r.code, cell(r.problem), cell(r.hint))
		}
	}
	want := strings.NewReplacer("WARNINGS\n", warnings, "REFUSALS\n", refusals).Replace(string(intro))
	page.Check(t, warningPage, want, *update)
}

// cell escapes a text for a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "_", `\_`).Replace(text)
}

var (
	placeholder = regexp.MustCompile(`\{([^}]*)\}`)
	dated       = regexp.MustCompile(`^ours: |AWS API reference|20\d\d`)
	codeForm    = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
)

// TestFaultsAreComplete: each fault has the texts that it needs, and its own code,
// unless it shares the repair of the fault before it.
func TestFaultsAreComplete(t *testing.T) {
	seen, before := map[string]bool{}, ""
	for _, r := range table(t) {
		switch {
		case !codeForm.MatchString(r.code), r.problem == "":
			t.Errorf("%s has no code or no problem", r.name)
		case seen[r.code] && (r.code != before || r.done == ""):
			t.Errorf("%s has the code of another fault", r.name)
		case r.malformed && r.hint+r.done != "":
			t.Errorf("%s is malformed and has more than a problem", r.name)
		case r.done != "" && r.hint == "":
			t.Errorf("%s has no hint", r.name)
		case (r.evidence == "") != (r.malformed || strings.Contains(r.problem, "{family}")):
			t.Errorf("%s: the evidence %q; it belongs to the fault or to the family's rule", r.name, r.evidence)
		case r.evidence != "" && !dated.MatchString(r.evidence):
			t.Errorf("%s: the evidence %q names neither page nor time", r.name, r.evidence)
		}
		seen[r.code], before = true, r.code
		for _, text := range []string{r.problem, r.done, r.hint} {
			if text != "" && !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is not a sentence", r.name, text)
			}
			if !r.template && regexp.MustCompile(`\{[a-z]+\}`).MatchString(text) {
				t.Errorf("%s has placeholders but is not a template", r.name)
			}
			for _, p := range placeholder.FindAllStringSubmatch(text, -1) {
				if _, ok := (values{}).get(p[1]); r.template && !ok {
					t.Errorf("%s: %s is not a placeholder", r.name, p[0])
				}
			}
		}
	}
}

// TestTextsAreInTheTable: dialects and this package write no fault, and no error or
// warning about a request, anywhere else.
func TestTextsAreInTheTable(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		base := filepath.Base(file)
		if strings.HasSuffix(base, "_test.go") || filepath.Dir(file) == "../converse" && (base == "fault.go" || base == faultsFile) {
			continue
		}
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok && aboutRequest(lit) {
				t.Errorf("%s has a fault of its own", file)
			}
			return true
		})
	}
}

func aboutRequest(lit *ast.CompositeLit) bool {
	name := ""
	switch typ := lit.Type.(type) {
	case *ast.Ident:
		name = typ.Name
	case *ast.SelectorExpr:
		name = typ.Sel.Name
	}
	switch name {
	case "Fault", "template":
		return len(lit.Elts) > 0
	case "Warning":
		return true
	case "Error":
		return slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
			kv, ok := e.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			kind, ok := kv.Value.(*ast.SelectorExpr)
			return ok && (kind.Sel.Name == "KindInvalid" || kind.Sel.Name == "KindMalformed")
		})
	}
	return false
}

// notShown are faults without a case in a dialect's testdata, and why.
var notShown = map[string]string{
	"faultMoreWarnings": "the request would be long: TestWarningsAreBounded",
	"faultManyBlocks":   "the request would be long: TestBlocksAreBounded",
	"faultManyStops":    "the request would be long: TestStopSequencesAreBounded",
}

// TestFaultsAreShown: a case of some dialect shows each fault.
func TestFaultsAreShown(t *testing.T) {
	shown := shownFaults(t)
	for _, r := range table(t) {
		said := slices.ContainsFunc(shown, r.matches)
		switch _, expected := notShown[r.name]; {
		case said && expected:
			t.Errorf("%s is shown", r.name)
		case !said && !expected:
			t.Errorf("%s: no case shows %q", r.name, r.problem)
		}
	}
}

// matches reports whether a case shows the fault, as its warning or its error.
func (r row) matches(shown Fault) bool {
	if shown.done != "" {
		return shown.code == r.code && pattern(r.done).MatchString(shown.done)
	}
	return shown.malformed == r.malformed && pattern(r.problem).MatchString(shown.problem) && pattern(r.hint).MatchString(shown.hint)
}

func pattern(text string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(text)
	return regexp.MustCompile(`^` + regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(quoted, `.+`) + `$`)
}

var warningText = regexp.MustCompile(`"code":\s*"([a-z0-9_]+)",\s*"path":\s*"[^"]*",\s*"detail":\s*("(?:[^"\\]|\\.)*")`)

// shownFaults are the warnings and errors of all cases.
func shownFaults(t *testing.T) []Fault {
	t.Helper()
	files, err := filepath.Glob("../*/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var all []Fault
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range archive.Files {
			for _, m := range warningText.FindAllSubmatch(section.Data, -1) {
				var detail string
				if err := json.Unmarshal(m[2], &detail); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				all = append(all, Fault{code: string(m[1]), done: detail})
			}
			if section.Name == "error.json" {
				all = append(all, refusal(t, section.Data))
			}
		}
	}
	return all
}

func refusal(t *testing.T, body []byte) Fault {
	t.Helper()
	var e struct {
		Detail any `json:"detail"`
		Error  struct {
			Message string `json:"message"` // OpenAI's form has the hint in it
			Hint    string `json:"hint"`
		} `json:"error"`
		Bedrock struct {
			Type string `json:"type"`
			Hint string `json:"hint"`
		} `json:"bedrock"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(body), &e); err != nil {
		t.Fatal(err)
	}
	if e.Error.Message != "" {
		problem := strings.TrimSuffix(e.Error.Message, " "+e.Bedrock.Hint)
		return Fault{problem: problem, hint: e.Bedrock.Hint, malformed: e.Bedrock.Type == "malformed_request"}
	}
	if list, ok := e.Detail.([]any); ok {
		return Fault{problem: list[0].(map[string]any)["msg"].(string), malformed: true}
	}
	return Fault{problem: e.Detail.(string), hint: e.Error.Hint}
}
