package observability

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"
)

// ruleTests is the part of promtool's format that alerts_test.yaml uses.
type ruleTests struct {
	RuleFiles []string       `yaml:"rule_files"`
	Step      model.Duration `yaml:"evaluation_interval"`
	Tests     []struct {
		Name     string
		Interval model.Duration
		Series   []struct{ Series, Values string } `yaml:"input_series"`
		Checks   []struct {
			Expr string
			At   model.Duration `yaml:"eval_time"`
			Want []struct {
				Labels string
				Value  float64
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
}

func readRuleTests(t *testing.T) (all ruleTests) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(string(readFile(t, "prometheus/alerts_test.yaml"))))
	decoder.KnownFields(true)
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all.Tests) == 0 {
		t.Fatal("no tests")
	}
	return all
}

// TestAlerts runs alerts_test.yaml. Each alert fires in one of its tests, and one test
// that has the alert's metric expects no alert.
func TestAlerts(t *testing.T) {
	fired := map[string]bool{}
	tests := readRuleTests(t)
	for _, test := range tests.Tests {
		t.Run(test.Name, func(t *testing.T) {
			var load strings.Builder
			fmt.Fprintf(&load, "load %s\n", test.Interval)
			for _, s := range test.Series {
				fmt.Fprintf(&load, "  %s %s\n", s.Series, s.Values)
			}
			for _, check := range test.Checks {
				if check.Expr != `ALERTS{alertstate="firing"}` {
					t.Fatalf("this test does not run %s", check.Expr)
				}
				var want []string
				for _, w := range check.Want {
					l, err := parser.NewParser(parser.Options{}).ParseMetric(w.Labels)
					if err != nil {
						t.Fatal(err)
					}
					want = append(want, l.String())
					fired[l.Get("alertname")] = true
				}
				got := firing(t, load.String(), time.Duration(tests.Step), time.Duration(check.At))
				if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
					t.Errorf("after %s (-want +got):\n%s", check.At, diff)
				}
			}
		})
	}
	for _, r := range readRules(t) {
		if !fired[r.Alert] {
			t.Errorf("no test lets %s fire", r.Alert)
		}
	}
}

// firing evaluates the rules at every step until end, and returns the alerts that fire
// then.
func firing(t *testing.T, load string, step, end time.Duration) (all []string) {
	t.Helper()
	db := promqltest.LoadedStorage(t, load)
	defer db.Close()
	query := rules.EngineQueryFunc(promqltest.NewTestEngine(t, false, 5*time.Minute, 1_000_000), db)
	for _, r := range readRules(t) {
		rule := alertingRule(t, r)
		for at := time.Duration(0); at <= end; at += step {
			samples, err := rule.Eval(t.Context(), 0, time.Unix(0, 0).Add(at), query, nil, 0)
			if err != nil {
				t.Fatalf("%s: %v", r.Alert, err)
			}
			for _, s := range samples {
				if at == end && s.Metric.Get("alertstate") == "firing" {
					all = append(all, s.Metric.String())
				}
			}
		}
		for _, a := range rule.ActiveAlerts() {
			if text := a.Annotations.Get("summary"); strings.Contains(text, "{{") || strings.Contains(text, "error expanding") {
				t.Errorf("%s: summary %q", r.Alert, text)
			}
		}
	}
	return slices.Sorted(slices.Values(all))
}

func alertingRule(t *testing.T, r rulefmt.Rule) *rules.AlertingRule {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
	if err != nil {
		t.Fatal(err)
	}
	return rules.NewAlertingRule(r.Alert, expr, time.Duration(r.For), time.Duration(r.KeepFiringFor),
		labels.FromMap(r.Labels), labels.FromMap(r.Annotations), labels.EmptyLabels(), "", true, promslog.NewNopLogger())
}

// Each alert has a severity, a summary in a sentence and a link to a section that exists.
func TestAlertAnnotations(t *testing.T) {
	for _, r := range readRules(t) {
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		for _, name := range []string{"summary", "description"} {
			if !strings.HasSuffix(r.Annotations[name], ".") {
				t.Errorf("%s: %s %q is not a sentence", r.Alert, name, r.Annotations[name])
			}
		}
		if got := slices.Sorted(maps.Keys(r.Annotations)); !slices.Equal(got, []string{"description", "docs", "summary"}) {
			t.Errorf("%s: annotations %q", r.Alert, got)
		}
		page, anchor, _ := strings.Cut(r.Annotations["docs"], "#")
		text, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(page)))
		if err != nil {
			t.Errorf("%s: %v", r.Alert, err)
		} else if anchor != "" && !slices.Contains(anchors(string(text)), anchor) {
			t.Errorf("%s: %s has no section %q", r.Alert, page, anchor)
		}
	}
}

// anchors are the names by which GitHub links to the headings of a page.
func anchors(text string) (all []string) {
	for _, match := range regexp.MustCompile(`(?m)^#+ +(.+?) *$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(match[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}
