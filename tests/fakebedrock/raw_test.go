package fakebedrock_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"bedrock-extproc/tests/fakebedrock"
)

const helloBody = `{"messages":[{"role":"user","content":[{"text":"hello"}]}]}`

// signed returns a hand-made signed request, for details that the SDK's client hides.
func signed(t *testing.T, url, service, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	hash := sha256.Sum256([]byte(body))
	creds := aws.Credentials{AccessKeyID: fakebedrock.DemoAccessKeyID, SecretAccessKey: fakebedrock.DemoSecretAccessKey}
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hex.EncodeToString(hash[:]), service, "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

// served is a server with a plain HTTP client.
type served struct {
	t       *testing.T
	bedrock *fakebedrock.Server
	url     string
	client  *http.Client
}

// serve starts a server on loopback, with HTTP/1.1 or with HTTP/2 and TLS.
func serve(t *testing.T, config fakebedrock.Config, http2 bool) *served {
	t.Helper()
	bedrock := fakebedrock.New(config)
	server := httptest.NewUnstartedServer(bedrock)
	if http2 {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return &served{t: t, bedrock: bedrock, url: server.URL, client: server.Client()}
}

// post calls an operation of Claude. headers are pairs of name and value.
func (s *served) post(action, body string, headers ...string) (*http.Response, error) {
	s.t.Helper()
	return s.client.Do(signed(s.t, s.url+"/model/"+url.PathEscape(claude)+"/"+action, "bedrock", body, headers...))
}

// whole calls Converse and reads the response.
func (s *served) whole(body string, headers ...string) (*http.Response, string, error) {
	s.t.Helper()
	resp, err := s.post("converse", body, headers...)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp, string(raw), err
}

// frame is a decoded message of an event stream.
type frame struct {
	headers [][2]string // in order
	payload string
}

func (f frame) header(name string) string {
	for _, h := range f.headers {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

// kinds returns the short types of frames.
func kinds(frames []frame) []string {
	var list []string
	for _, f := range frames {
		list = append(list, f.header(":event-type")+f.header(":exception-type")+f.header(":error-code"))
	}
	return list
}

// stream calls ConverseStream and reads all frames. The error is nil if the stream
// ended properly.
func (s *served) stream(body string, headers ...string) (*http.Response, []frame, error) {
	s.t.Helper()
	resp, err := s.post("converse-stream", body, headers...)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	frames, err := readFrames(resp.Body)
	return resp, frames, err
}

func readFrames(r io.Reader) ([]frame, error) {
	var frames []frame
	dec, buffered := eventstream.NewDecoder(), bufio.NewReader(r)
	for {
		if _, err := buffered.Peek(1); errors.Is(err, io.EOF) {
			return frames, nil
		}
		msg, err := dec.Decode(buffered, nil)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the decoder does not distinguish this
		}
		if err != nil {
			return frames, err
		}
		frames = append(frames, plainFrame(msg))
	}
}

func plainFrame(msg eventstream.Message) frame {
	f := frame{payload: string(bytes.Clone(msg.Payload))}
	for _, h := range msg.Headers {
		f.headers = append(f.headers, [2]string{h.Name, h.Value.String()})
	}
	return f
}

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
