//go:build browser

package browser

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A tab is a page of Chromium that a test drives by the DevTools protocol, over pipes.
type tab struct {
	t       *testing.T
	in      *os.File // to Chromium
	out     *os.File
	answers *bufio.Reader
	session string
	id      int
	// problems are what the page's console reports: exceptions, refused scripts and styles.
	problems []string
}

// A message is a command, an answer or an event of the protocol.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   json.RawMessage `json:"error,omitempty"`
}

// newTab starts Chromium with an empty page.
func newTab(t *testing.T) *tab {
	t.Helper()
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, []*os.File{theirIn, theirOut}, "--remote-debugging-pipe")
	theirIn.Close()
	theirOut.Close()
	b := &tab{t: t, in: in, out: out, answers: bufio.NewReader(out)}
	t.Cleanup(func() {
		in.Close()
		out.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Emulation.setScrollbarsHidden", map[string]any{"hidden": true}, nil)
	return b
}

// call sends a command, and decodes its answer into result unless that is nil.
func (b *tab) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.id++
	if params == nil {
		params = map[string]any{}
	}
	encoded, err := json.Marshal(params)
	if err != nil {
		b.t.Fatal(err)
	}
	command, err := json.Marshal(message{ID: b.id, Session: b.session, Method: method, Params: encoded})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(command, 0)); err != nil {
		b.t.Fatal(err)
	}
	answer := b.answer(method)
	if answer.Error != nil {
		b.t.Fatalf("%s: %s", method, answer.Error)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		b.t.Fatal(err)
	}
}

// answer reads until the answer to the last command, and keeps what the console reports.
func (b *tab) answer(method string) message {
	b.t.Helper()
	if err := b.out.SetReadDeadline(time.Now().Add(limit)); err != nil {
		b.t.Fatal(err)
	}
	for {
		text, err := b.answers.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("%s: %v; the console has %q", method, err, b.problems)
		}
		var m message
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.t.Fatal(err)
		}
		switch {
		case m.ID == b.id:
			return m
		case m.Method == "Runtime.exceptionThrown", m.Method == "Log.entryAdded":
			b.problems = append(b.problems, string(m.Params))
		}
	}
}

// eval decodes the value of an expression, after its promise if it is one.
func (b *tab) eval(expression string, value any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if value == nil {
		return
	}
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		b.t.Fatalf("%s: %v: %s", expression, err, answer.Result.Value)
	}
}

// await waits until an expression is true. Otherwise the test fails with the page's text.
func (b *tab) await(expression string) {
	b.t.Helper()
	var got string
	b.eval(fmt.Sprintf(`new Promise((done) => {
		const until = performance.now() + %d;
		const look = () => (%s) ? done('') : performance.now() > until ? done(document.body.innerText) : requestAnimationFrame(look);
		look();
	})`, (limit/2).Milliseconds(), expression), &got)
	if got != "" {
		b.t.Fatalf("not true: %s\nthe page shows:\n%s", expression, got)
	}
}

// open opens a page and waits until it has loaded.
func (b *tab) open(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	b.await(fmt.Sprintf("location.href === %q && document.readyState === 'complete'", url))
}

// resize gives the page a size in CSS pixels and a colour scheme, "light" or "dark".
func (b *tab) resize(width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.await(fmt.Sprintf("innerWidth === %d && matchMedia('(prefers-color-scheme: %s)').matches", width, scheme))
}

// screenshot keeps a picture of the whole page in bin/browser.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	var picture struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &picture)
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "bin", "browser")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
