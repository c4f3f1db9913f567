package observability

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

const example = "../../examples/observability"

// board has the members of the dashboard that the tests read. TestDashboardSchema checks
// all of them.
type board struct {
	Templating struct{ List []struct{ Name string } }
	Panels     []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  rectangle
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		RefID, Expr, LegendFormat string
		Datasource                source
	}
}

type source struct{ Type, UID string }

// rectangle is a panel's place in a grid of 24 columns.
type rectangle struct{ X, Y, W, H int }

func (a rectangle) overlaps(b rectangle) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(example + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readDashboard(t *testing.T) (d board) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, "grafana/dashboards/bedrock-extproc.json"), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) == 0 {
		t.Fatal("the dashboard has no panels")
	}
	return d
}

// Panels have an id, a title and a place of their own, and graphs have a description, a
// unit and queries of the data source that the reader chose.
func TestDashboardPanels(t *testing.T) {
	d := readDashboard(t)
	ids, titles := map[int]bool{}, map[string]bool{}
	for i, p := range d.Panels {
		if p.ID <= 0 || ids[p.ID] || p.Title == "" || titles[p.Title] {
			t.Errorf("panel %d, %q: the id or the title is missing or not unique", p.ID, p.Title)
		}
		ids[p.ID], titles[p.Title] = true, true
		if g := p.GridPos; g.X < 0 || g.Y < 0 || g.W <= 0 || g.H <= 0 || g.X+g.W > 24 {
			t.Errorf("%s: place %+v is outside the grid", p.Title, g)
		}
		for _, other := range d.Panels[:i] {
			if p.GridPos.overlaps(other.GridPos) {
				t.Errorf("%s overlaps %s", p.Title, other.Title)
			}
		}
		if p.Type != "row" {
			checkGraph(t, p)
		}
	}
}

func checkGraph(t *testing.T, p panel) {
	t.Helper()
	chosen := source{Type: "prometheus", UID: "${datasource}"}
	units := []string{"short", "reqps", "s", "percentunit", "Bps", "bytes"}
	if p.Type != "timeseries" || p.Description == "" || !slices.Contains(units, p.FieldConfig.Defaults.Unit) || p.Datasource != chosen || len(p.Targets) == 0 {
		t.Errorf("%s: type, description, unit, data source or queries are missing", p.Title)
	}
	refs := map[string]bool{}
	for _, q := range p.Targets {
		if q.RefID == "" || refs[q.RefID] || q.Expr == "" || q.LegendFormat == "" || q.Datasource != chosen {
			t.Errorf("%s: query %q is incomplete or not unique", p.Title, q.RefID)
		}
		refs[q.RefID] = true
	}
}

// Health comes first, and the variables are those that the queries use.
func TestDashboardRows(t *testing.T) {
	d := readDashboard(t)
	var rows, variables []string
	for _, p := range d.Panels {
		if p.Type == "row" {
			rows = append(rows, p.Title)
		}
	}
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	if want := []string{"Health", "Tokens and cost", "Bedrock", "Limits and refusals", "The sidecar's overhead", "Process"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
	if want := []string{"datasource", "job", "instance"}; !slices.Equal(variables, want) {
		t.Errorf("variables %q, want %q", variables, want)
	}
}

// Grafana's published types accept the dashboard, the options of its panels and its
// queries. Unknown members and missing ones are errors.
func TestDashboardSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	text := readFile(t, "grafana/dashboards/bedrock-extproc.json")
	var strict, d dashboard.Dashboard //nolint:staticcheck // the successor is a resource of Grafana's API, not a file to import
	var problems cog.BuildErrors      // an empty list, not nil, if there are none
	if err := strict.UnmarshalJSONStrict(text); err != nil && (!errors.As(err, &problems) || len(problems) > 0) {
		t.Error(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
}
