//go:build browser

package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bedrock-extproc/internal/status"
)

// planted would run if the page made HTML of a text.
const planted = `<img src=x onerror=document.title='planted'>`

// statusConfig has prices, a fallback, and HTML in the name of a model.
const statusConfig = `
bedrock_extproc:
  retry: {attempts: 1}
  cool_down: {first: 10m, max: 10m}
  prices: {currency: EUR, models: {"us.amazon.*": {input: 1, output: 2}}}
providers:
  llm:
    default: main
    backends:
      main: {backend: a.BedrockConverseProvider, config: {region: us-east-1, default_model: us.amazon.nova-micro-v1:0, models: {"` + planted + `": us.amazon.nova-micro-v1:0}}}
      eu: {backend: a.BedrockConverseProvider, config: {region: eu-west-1, default_model: us.amazon.nova-micro-v1:0, fallback: [main]}}
`

// call posts a chat request to the gateway, and returns the response, which the test closes
// at its end.
func (s *system) call(t *testing.T, path, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.envoy.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func ask(model, content string) string {
	return fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}]}`, model, content)
}

// The page of a real sidecar shows its calls, failures, an open stream, costs, a cool-down
// and a rejected configuration, and follows them without being loaded again.
func TestStatusPage(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	write(t, config, statusConfig)
	s := start(t, "http://app.example", "-config", config)
	const path = "/api/v1/llm/completions"
	for range 3 {
		if resp := s.call(t, path, ask(planted, "secret question"), "X-Request-Id", planted); resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
	}
	b := newTab(t)
	b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": recordTimers}, nil)
	b.resize(1440, 900, "light")
	b.open("http://" + s.admin + "/")
	b.await(`text('#health .value') === 'Healthy' && text('#calls .value') === '0' && text('#failed .value') === '0%' && text('#latency .value').endsWith('s')`)
	b.await(`cells('#recent').length === 3 && cells('#recent')[0].join().includes("` + planted + `")`)
	b.await(`cells('#usage').some((row) => row[0] === 'cost in EUR' && row[1] !== '0')`)

	b.eval("document.querySelector('#recent tbody').rows[0].kept = true", nil)
	if resp := s.call(t, path, ask("", "failed"), "X-Provider-LLM", "eu"); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("status %d", resp.StatusCode)
	}
	released := make(chan struct{})
	go func() {
		defer close(released)
		s.release(2) // messageStart and the first delta
	}()
	s.call(t, path+"/stream", ask("", "streamed"))
	<-released
	b.await(`text('#calls .value') === '1' && text('#calls .detail') === '1 answering' && cells('#open').length === 1 && cells('#open')[0][4] === 'main'`)
	b.await(`text('#failed .value') === '25%' && cells('#errors').some((row) => row.join() === 'bedrock_throttled,1')`)
	b.await(`cells('#backends').some((row) => row[0] === 'eu' && row[2] === 'cooling down for 1') && text('#problems').includes('Backend eu is cooling down')`)
	b.await(`cells('#limits').some((row) => row[0] === 'calls' && row[1] === '1')`)
	b.await(`document.querySelector('#recent tbody').rows[0].kept`) // rows are reused, not made again

	write(t, config, statusConfig+"nonsense: [")
	b.await(`text('#problems').includes('The latest configuration was rejected') && text('#health .value') === 'Ready, with problems'`)
	b.checkText(planted, "secret question", "one two three")
	for _, picture := range []struct {
		name          string
		width, height int
		scheme        string
	}{{"status-wide", 1440, 900, "light"}, {"status-phone", 375, 812, "light"}, {"status-dark", 1440, 900, "dark"}} {
		b.resize(picture.width, picture.height, picture.scheme)
		b.checkLayout(picture.name)
		b.screenshot(picture.name)
	}
	b.checkPauses()
	close(s.gate)
	b.await(`text('#calls .value') === '0'`)
	if len(b.problems) > 0 {
		t.Errorf("the console has %q", b.problems)
	}
}

// Every text of the server is shown as text, and none is too long for the page.
func TestStatusPageShowsTexts(t *testing.T) {
	now := time.Now().UTC().Format(time.RFC3339Nano)
	text := planted + strings.Repeat("x", 300)
	call := strings.NewReplacer("TEXT", text, "NOW", now).Replace(`{"start":"NOW","phase":"TEXT","request_id":"TEXT","status":200,"path":"TEXT","api":"TEXT","model":"TEXT","backend":"TEXT",
		"duration":12.5,"first_token":3,"bytes_out":5,"error":"TEXT","class":"TEXT","aws_error":"TEXT","warnings":["TEXT"],"input_tokens":1,"output_tokens":2,"cost_micros":3}`)
	state := strings.NewReplacer("TEXT", text, "NOW", now).Replace(`{"version":"TEXT","now":"NOW","started":"NOW","ready":false,"reason":"TEXT","warnings":["TEXT"],
		"config":{"file":"TEXT","loaded":"NOW","problem":"TEXT"},"backends":[{"name":"TEXT","region":"TEXT","default":true,"cooling_down":1,"credentials_missing":true}],
		"limits":[{"limit":"TEXT","backend":"TEXT","current":9,"max":9,"refused":1}],
		"totals":{"errors":{"TEXT":1},"tokens":{"input":1},"cost_micros":{"TEXT":1},"warnings":{"TEXT":1},"cool_downs":{"TEXT":1},"log_lines_dropped":1}}`)
	mux := http.NewServeMux()
	mux.Handle("/", status.Page())
	mux.HandleFunc("/debug/status", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, state) })
	mux.HandleFunc("/debug/calls", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"open_total":1,"open":[%s],"recent":[%s]}`, call, call)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := newTab(t)
	b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": recordTimers}, nil)
	b.resize(1440, 900, "light")
	b.open(server.URL + "/")
	b.await(`text('#health .value') === 'Not ready' && cells('#recent').length === 1`)
	var shown int
	b.eval(fmt.Sprintf(`document.body.innerText.split(%q).length - 1`, planted), &shown)
	if shown < 30 {
		t.Errorf("the page shows %d planted texts", shown)
	}
	b.checkText(planted)
	for _, width := range []int{1440, 800, 375} {
		b.resize(width, 900, "light")
		b.checkLayout(fmt.Sprint(width))
	}
	if len(b.problems) > 0 {
		t.Errorf("the console has %q", b.problems)
	}
	server.CloseClientConnections()
	server.Close()
	b.await(`text('#health .value') === 'No answer' && document.body.classList.contains('stale')`)
}

// recordTimers keeps the timers that are set, and has what tests ask for.
const recordTimers = `
	window.timers = new Set();
	const set = window.setTimeout, clear = window.clearTimeout;
	window.setTimeout = (f, delay) => { const id = set(() => { timers.delete(id); f(); }, delay); timers.add(id); return id; };
	window.clearTimeout = (id) => { timers.delete(id); clear(id); };
	window.text = (selector) => document.querySelector(selector).innerText;
	window.cells = (table) => [...document.querySelector(table).tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent));
`

// checkText checks that the page has the first text, as text, and none of the others.
func (b *tab) checkText(shown string, hidden ...string) {
	b.t.Helper()
	var page struct {
		Text, Title string
		Images      int
	}
	b.eval(`({text: document.body.textContent, title: document.title, images: document.querySelectorAll('img, main script, iframe').length})`, &page)
	if !strings.Contains(page.Text, shown) || page.Images != 0 || page.Title == "planted" {
		b.t.Errorf("%d planted elements, title %q; the text is shown: %t", page.Images, page.Title, strings.Contains(page.Text, shown))
	}
	for _, text := range hidden {
		if strings.Contains(page.Text, text) {
			b.t.Errorf("the page shows %q", text)
		}
	}
}

// checkLayout checks that nothing is wider than the page or its box, that no two boxes
// overlap, and that numbers and times are not broken.
func (b *tab) checkLayout(name string) {
	b.t.Helper()
	var faults []string
	b.eval(`(() => {
		const faults = [];
		const name = (e) => e.tagName + '#' + (e.id || e.textContent.slice(0, 30));
		const width = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth > width) faults.push('the page is ' + document.documentElement.scrollWidth + ' wide');
		const visible = (e) => e.getClientRects().length > 0 && !e.closest('thead');
		for (const e of document.body.querySelectorAll('*')) {
			if (!visible(e)) continue;
			const box = e.getBoundingClientRect();
			if (box.left < -0.5 || box.right > width + 0.5) faults.push(name(e) + ' leaves the page');
			if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0) faults.push(name(e) + ' overflows');
		}
		for (const e of document.querySelectorAll('td.n, td.t, #updated, button')) {
			const range = document.createRange();
			range.selectNodeContents(e);
			if (new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) faults.push(name(e) + ' has more than one line');
		}
		const boxes = [...document.querySelectorAll('header > *, .card, main > section:not(.cards), .columns > section, .card > *, section > h2, section > table, td, thead th')]
			.filter((e) => e.getClientRects().length > 0 && !(innerWidth <= 900 && e.closest('thead')));
		for (let i = 0; i < boxes.length; i++) {
			for (let j = i + 1; j < boxes.length; j++) {
				if (boxes[i].contains(boxes[j]) || boxes[j].contains(boxes[i])) continue;
				const a = boxes[i].getBoundingClientRect(), c = boxes[j].getBoundingClientRect();
				if (a.left < c.right - 0.5 && c.left < a.right - 0.5 && a.top < c.bottom - 0.5 && c.top < a.bottom - 0.5) faults.push(name(boxes[i]) + ' overlaps ' + name(boxes[j]));
			}
		}
		return faults;
	})()`, &faults)
	for _, fault := range faults {
		b.t.Errorf("%s: %s", name, fault)
	}
}

// checkPauses checks that the page has no timer while it is hidden, or paused with the
// keyboard.
func (b *tab) checkPauses() {
	b.t.Helper()
	hide := func(hidden bool) {
		b.eval(fmt.Sprintf(`Object.defineProperty(document, 'hidden', {value: %t, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))`, hidden), nil)
	}
	hide(true)
	b.await(`!busy && timers.size === 0`)
	hide(false)
	b.await(`!busy && timers.size === 1`)
	press := func(key, code string, number int, text string) {
		for _, kind := range []string{"keyDown", "keyUp"} {
			b.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text}, nil)
		}
	}
	press("Tab", "Tab", 9, "")
	b.await(`document.activeElement.id === 'pause'`)
	press("Enter", "Enter", 13, "\r")
	b.await(`document.activeElement.getAttribute('aria-pressed') === 'true' && !busy && timers.size === 0`)
	press("Enter", "Enter", 13, "\r")
	b.await(`document.activeElement.getAttribute('aria-pressed') === 'false' && !busy && timers.size === 1`)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
