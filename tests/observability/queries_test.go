package observability

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bedrock-extproc/internal/metrics"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"
)

const (
	interval = 15 * time.Second
	rounds   = 5
)

// store adds a scrape at a time, with the labels that Prometheus gives its target.
func store(t *testing.T, db *teststorage.TestStorage, scrape []byte, at time.Time) {
	t.Helper()
	app := db.Appender(t.Context())
	p := textparse.NewPromParser(scrape, labels.NewSymbolTable(), false)
	add := func(l labels.Labels, value float64) {
		l = labels.NewBuilder(l).Set("job", "bedrock-extproc").Set("instance", "sidecar:9003").Labels()
		if _, err := app.Append(0, l, at.UnixMilli(), value); err != nil {
			t.Fatal(err)
		}
	}
	for entry, err := p.Next(); err == nil; entry, err = p.Next() {
		if entry == textparse.EntrySeries {
			var l labels.Labels
			_, _, value := p.Series()
			p.Labels(&l)
			add(l, value)
		}
	}
	add(labels.FromStrings("__name__", "up"), 1)
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// observed stores the scrapes of a sidecar after each round of calls, as if each had
// taken one scrape interval, and returns a function that runs a query after the last.
func observed(t *testing.T) func(query string) promql.Vector {
	t.Helper()
	db := teststorage.New(t)
	s := startSystem(t)
	last := time.Unix(0, 0)
	for range rounds {
		s.calls(t)
		last = last.Add(interval)
		store(t, db, s.scrape(t), last)
	}
	query := rules.EngineQueryFunc(promqltest.NewTestEngine(t, false, 5*time.Minute, 1_000_000), db)
	return func(text string) promql.Vector {
		t.Helper()
		found, err := query(t.Context(), text, last)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		return slices.DeleteFunc(found, func(s promql.Sample) bool { return math.IsNaN(s.F) })
	}
}

// grafana replaces Grafana's variables as Grafana does.
var grafana = strings.NewReplacer("$__rate_interval", "1m", "$__range", "1m", "$job", "bedrock-extproc", "$instance", ".*")

// Every query of the dashboard, and every series of the alerts, has data on a sidecar that has had calls, streams,
// failures, fallbacks and refusals.
func TestQueries(t *testing.T) {
	query := observed(t)
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			text := grafana.Replace(q.Expr)
			found := query(text)
			if len(found) == 0 {
				t.Errorf("%s: no data for %s", p.Title, text)
			}
			checkLegend(t, p.Title, q.LegendFormat, found)
		}
	}
	// The alerts' conditions are not met, so each series that they read is looked for.
	for _, rule := range readRules(t) {
		query(rule.Expr)
		for _, selector := range selectors(t, rule.Expr) {
			if len(query(selector.String())) == 0 {
				t.Errorf("%s: no data for %s", rule.Alert, selector)
			}
		}
	}
}

// checkLegend fails if a legend has a label that the result lacks, or if it gives two
// series the same name.
func checkLegend(t *testing.T, title, legend string, found promql.Vector) {
	t.Helper()
	seen := map[string]bool{}
	used := regexp.MustCompile(`{{(\w+)}}`)
	for _, sample := range found {
		name := used.ReplaceAllStringFunc(legend, func(l string) string { return sample.Metric.Get(strings.Trim(l, "{}")) })
		if seen[name] {
			t.Errorf("%s: two series are named %q by %q", title, name, legend)
		}
		seen[name] = true
	}
}

// Every metric of the sidecar is on the dashboard.
func TestDashboardHasEveryMetric(t *testing.T) {
	used := map[string]bool{}
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			for _, selector := range selectors(t, grafana.Replace(q.Expr)) {
				used[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(selector.Name, "")] = true
			}
		}
	}
	for _, m := range metrics.All() {
		if !used[m.Name] {
			t.Errorf("no panel shows %s", m.Name)
		}
	}
}

// selectors returns the series that a query reads.
func selectors(t *testing.T, text string) (all []*parser.VectorSelector) {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			all = append(all, v)
		}
		return nil
	})
	return all
}

func readRules(t *testing.T) (all []rulefmt.Rule) {
	t.Helper()
	groups, errs := rulefmt.Parse(readFile(t, "prometheus/alerts.yaml"), false, model.UTF8Validation, parser.NewParser(parser.Options{}))
	for _, err := range errs {
		t.Fatal(err)
	}
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("no rules")
	}
	return all
}
