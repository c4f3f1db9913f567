package observability

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

const example = "../../examples/observability"

// dashboard has the members of Grafana's dashboard JSON that the example uses. Members
// that it lacks are unknown, and fail the test.
type dashboard struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Version       int      `json:"version"`
	Editable      bool     `json:"editable"`
	GraphTooltip  int      `json:"graphTooltip"`
	Refresh       string   `json:"refresh"`
	Timezone      string   `json:"timezone"`
	Time          struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"time"`
	Templating struct {
		List []variable `json:"list"`
	} `json:"templating"`
	Annotations json.RawMessage `json:"annotations"`
	Links       json.RawMessage `json:"links"`
	Panels      []panel         `json:"panels"`
}

type variable struct {
	Name       string          `json:"name"`
	Label      string          `json:"label"`
	Type       string          `json:"type"`
	Query      json.RawMessage `json:"query"`
	Datasource source          `json:"datasource"`
	Definition string          `json:"definition"`
	Refresh    int             `json:"refresh"`
	IncludeAll bool            `json:"includeAll"`
	Multi      bool            `json:"multi"`
	AllValue   string          `json:"allValue"`
	Current    json.RawMessage `json:"current"`
	Sort       int             `json:"sort"`
}

type source struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panel struct {
	ID          int             `json:"id"`
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Collapsed   bool            `json:"collapsed"`
	Datasource  source          `json:"datasource"`
	GridPos     rectangle       `json:"gridPos"`
	Panels      []panel         `json:"panels"`
	Options     json.RawMessage `json:"options"`
	FieldConfig struct {
		Defaults struct {
			Unit   string          `json:"unit"`
			Min    *float64        `json:"min"`
			Custom json.RawMessage `json:"custom"`
		} `json:"defaults"`
		Overrides []json.RawMessage `json:"overrides"`
	} `json:"fieldConfig"`
	Targets []target `json:"targets"`
}

type target struct {
	RefID        string `json:"refId"`
	Datasource   source `json:"datasource"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
}

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

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(readFile(t, "grafana/dashboards/bedrock-extproc.json")))
	decoder.DisallowUnknownFields()
	var d dashboard
	if err := decoder.Decode(&d); err != nil {
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
