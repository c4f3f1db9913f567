package e2e

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"bedrock-extproc/tests/openapi"
)

// description is docs/openapi.yaml.
var description = sync.OnceValues(openapi.Load)

// checkDescribed compares an answer of the gateway's API with its description, when the test
// has read it to its end.
func checkDescribed(t *testing.T, resp *http.Response) {
	t.Helper()
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	if d.Describes(resp.Request.URL.Path) {
		resp.Body = &describedBody{ReadCloser: resp.Body, t: t, resp: resp, description: d}
	}
}

// describedBody keeps what is read of a body, and compares it at its end.
type describedBody struct {
	io.ReadCloser
	t           *testing.T
	resp        *http.Response
	description *openapi.Description
	read        bytes.Buffer
}

func (b *describedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Write(p[:n])
	if err == io.EOF && b.read.Len() > 0 {
		req := b.resp.Request
		if err := b.description.CheckResponse(req.Method, req.URL.Path, b.resp.StatusCode, b.resp.Header.Get("Content-Type"), b.read.Bytes()); err != nil {
			b.t.Errorf("the answer is not as docs/openapi.yaml describes it: %v", err)
		}
		b.read.Reset()
	}
	return n, err
}
