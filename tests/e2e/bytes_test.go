package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"bedrock-extproc/envoy"
)

// withAttributes makes Envoy send every attribute that a client writes.
func withAttributes(t *testing.T) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		filter := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0]
		var manager hcmv3.HttpConnectionManager
		unpack(t, filter.GetTypedConfig(), &manager)
		for _, f := range manager.GetHttpFilters() {
			if f.GetName() != envoy.FilterName {
				continue
			}
			var processor extprocfilterv3.ExternalProcessor
			unpack(t, f.GetTypedConfig(), &processor)
			processor.RequestAttributes = []string{"request.id", "request.path", "request.url_path", "request.query", "request.useragent", "request.referer", "request.host"}
			repack(t, f.GetTypedConfig(), &processor)
		}
		repack(t, filter.GetTypedConfig(), &manager)
	}
}

// Header values and paths that are no text cost a client its own id at most.
func TestBytesThatAreNoText(t *testing.T) {
	s := startWith(t, withAttributes(t), nil)
	fresh := regexp.MustCompile(`^[0-9a-f-]{32,36}$`)
	for protocol, client := range protocols() {
		for _, value := range []string{"\xff\xfe", "\xed\xa0\x80", "é", "\u009b31m", strings.Repeat("x", 20_000)} {
			for _, header := range []string{"X-Request-Id", "X-Correlation-Id", "User-Agent", "Referer", "Content-Type", "Accept", "X-AWS-Region", "X-AWS-Access-Key-Id"} {
				resp := post(t, client, s.completions(), askSum, header, value)
				if id := resp.Header.Get("X-Request-Id"); resp.StatusCode != http.StatusOK || !fresh.MatchString(id) {
					t.Errorf("%s, %s %.20q: status %d, id %.40q", protocol, header, value, resp.StatusCode, id)
				}
				checkText(t, resp)
			}
			for _, header := range []string{"X-Provider-LLM", "X-Provider"} {
				resp := post(t, client, s.completions(), askSum, header, value)
				if resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusOK {
					t.Errorf("%s, %s %.20q: status %d", protocol, header, value, resp.StatusCode)
				}
				checkText(t, resp)
			}
		}
		for _, model := range []string{"ÿþ", `a\r\n{\"level\":\"error\"}`, `\u001b[31m`, `\u009b31m`, `\u2028`, `\ud800`, strings.Repeat("x", 20_000)} {
			resp := post(t, client, s.completions(), `{"model":"`+model+`","messages":[{"role":"user","content":"hi"}]}`)
			if resp.StatusCode >= http.StatusInternalServerError {
				t.Errorf("%s, model %.20q: status %d", protocol, model, resp.StatusCode)
			}
			checkText(t, resp)
		}
	}
	if log := s.sidecar.logged(); strings.Contains(log, `"level":"error"`) || strings.ContainsAny(log, "\x1b\u009b") {
		t.Error("the log has an error or an escape")
	}
}

// checkText checks that a body is JSON in UTF-8.
func checkText(t *testing.T, resp *http.Response) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !utf8.Valid(body) || !json.Valid(body) || bytes.ContainsAny(body, "\x1b") {
		t.Errorf("%v: %.300q", err, body)
	}
}
