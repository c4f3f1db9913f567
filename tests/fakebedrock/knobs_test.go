package fakebedrock_test

import (
	"encoding/base64"
	"net/url"
	"os"
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock"
)

func TestKnobsComeThreeWays(t *testing.T) {
	const metadata = `,"requestMetadata":{"fake.text":"metadata","team":"a"}}`
	withMetadata := strings.TrimSuffix(helloBody, "}") + metadata
	for name, test := range map[string]struct {
		config  fakebedrock.Config
		model   string
		body    string
		headers []string
		want    string
	}{
		"config":   {config: fakebedrock.Config{Knobs: map[string]string{"text": "config"}}, want: "config"},
		"model id": {config: fakebedrock.Config{Knobs: map[string]string{"text": "config"}}, model: claude + "#text=model%20id", want: "model id"},
		"metadata": {model: claude + "#text=model", body: withMetadata, want: "metadata"},
		"header":   {model: claude + "#text=model", body: withMetadata, headers: []string{"X-Fake-Text", "header"}, want: "header"},
		"ignored":  {config: fakebedrock.Config{IgnoreKnobs: true}, body: withMetadata, headers: []string{"X-Fake-Text", "header"}, want: "Hello!"},
		"base64": {
			body: strings.Replace(withMetadata, `"fake.text":"metadata"`, `"fake.text.base64":"`+base64.StdEncoding.EncodeToString([]byte("a\u0085b*"))+`"`, 1),
			want: "a\u0085b*",
		},
		"all kinds at one": {model: claude + "#text=a", headers: []string{"X-Fake-Stop-Reason", "content_filtered"}, want: `"stopReason":"content_filtered"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, test.config, false)
			if test.model == "" {
				test.model = claude
			}
			if test.body == "" {
				test.body = helloBody
			}
			resp, err := s.client.Do(signed(t, s.url+"/model/"+url.PathEscape(test.model)+"/converse", "bedrock", test.body, test.headers...))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body := readAll(t, resp); !strings.Contains(body, test.want) {
				t.Errorf("got %s, want %q", body, test.want)
			}
			if got := s.bedrock.Calls()[0].ModelID; got != claude {
				t.Errorf("model %q still has knobs", got)
			}
		})
	}
}

// A typo in a knob is rejected.
func TestKnobsThatMeanNothing(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	for _, headers := range [][]string{
		{"X-Fake-Falt", "cut"},
		{"X-Fake-Fault", "cuts"},
		{"X-Fake-At", "-1"},
		{"X-Fake-Delay", "soon"},
		{"X-Fake-Show", "everything"},
		{"X-Fake-Close", "maybe"},
		{"X-Fake-Text.base64", "!"},
	} {
		resp, body, err := s.whole(helloBody, headers...)
		if err != nil || resp.StatusCode != 400 || !strings.Contains(body, "fakebedrock: ") {
			t.Errorf("%v: %v %s, %v", headers, resp, body, err)
		}
	}
}

func TestFaultOfTheFirstAttempts(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	attempt := func(body string, headers ...string) int {
		t.Helper()
		resp, _, err := s.whole(body, append(headers, "X-Fake-Fault", "throttle", "X-Fake-Times", "2")...)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	for i, want := range []int{429, 429, 200, 200} {
		if got := attempt(helloBody); got != want {
			t.Errorf("same body, attempt %d: %d, want %d", i, got, want)
		}
	}
	if got := attempt(weatherBody); got != 429 {
		t.Errorf("another body: %d", got)
	}
	for i, want := range []int{429, 429, 200} {
		if got := attempt(helloBody, "Amz-Sdk-Invocation-Id", "one"); got != want {
			t.Errorf("same invocation, attempt %d: %d, want %d", i, got, want)
		}
	}
}

func TestFaultOfARegion(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	for region, want := range map[string]int{"us-east-1": 503, "eu-west-1": 200} {
		resp, _, err := s.whole(helloBody, "X-Fake-Fault", "serviceunavailable", "X-Fake-Region", region)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v", region, resp, err)
		}
	}
}

func TestKnobTokens(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	_, frames, err := s.stream(helloBody, "X-Fake-Tokens", "250")
	if err != nil || len(frames) != 254 {
		t.Errorf("%d frames, %v", len(frames), err)
	}
	if last := frames[len(frames)-1].payload; !strings.Contains(last, `"outputTokens":250`) {
		t.Errorf("usage in %s", last)
	}
}

func TestKnobReasoning(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	_, body, err := s.whole(helloBody, "X-Fake-Reasoning", "I think.")
	if err != nil || !strings.Contains(body, `"text":"I think."`) || !strings.Contains(body, `"signature"`) || !strings.Contains(body, "Hello!") {
		t.Errorf("%s, %v", body, err)
	}
}

// The tables of the README match the knobs and faults.
func TestReadmeListsTheKnobs(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range fakebedrock.Knobs() {
		if row := "| `" + k.Name + "` | " + k.Value + " | " + k.Does + " |"; !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
	for _, fault := range fakebedrock.Faults() {
		if !strings.Contains(string(readme), "| `"+string(fault)+"` |") {
			t.Errorf("README.md lacks the fault %s", fault)
		}
	}
}
