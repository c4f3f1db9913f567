package extproc

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/protobuf/proto"

	"bedrock-extproc/tests/page"
	"bedrock-extproc/translator"
)

var update = flag.Bool("update", false, "write docs/facts.md again")

const factsPage = "../docs/facts.md"

// TestFactsPage compares the page with the table of facts and the kinds of errors.
func TestFactsPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/facts.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&table, "| `%s` | `%s` | %s |\n", f.name, f.example, f.doc)
	}
	var tokens strings.Builder
	for _, k := range translator.Kinds() {
		fmt.Fprintf(&tokens, "| `%s` | %d | %s |\n", details(k.Kind), k.Status, k.When)
	}
	want := bytes.Replace(intro, []byte("FACTS\n"), []byte(table.String()), 1)
	want = bytes.Replace(want, []byte("KINDS\n"), []byte(tokens.String()), 1)
	page.Check(t, factsPage, string(want), *update)
}

func TestGuardrailAction(t *testing.T) {
	for _, c := range []struct {
		guarded bool
		reason  string
		want    string
	}{
		{false, "end_turn", ""},
		{false, "guardrail_intervened", ""},
		{true, "", ""},
		{true, "end_turn", "none"},
		{true, "guardrail_intervened", "intervened"},
	} {
		o := Outcome{Model: "m", Guarded: c.guarded, Summary: translator.Summary{StopReason: c.reason}}
		msg := &extprocv3.ProcessingResponse{}
		if err := proto.Unmarshal(o.dynamicMetadata(), msg); err != nil {
			t.Fatal(err)
		}
		if got := msg.GetDynamicMetadata().GetFields()["bedrock"].GetStructValue().GetFields()["guardrail_action"].GetStringValue(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
