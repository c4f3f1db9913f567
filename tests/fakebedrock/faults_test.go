package fakebedrock_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock"
)

// threeTokens streams seven events: messageStart, three deltas, contentBlockStop,
// messageStop, metadata.
var threeTokens = []string{"X-Fake-Tokens", "3"}

var sevenKinds = []string{
	"messageStart", "contentBlockDelta", "contentBlockDelta", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
}

func TestStreamFaults(t *testing.T) {
	checksum := func(err error) bool { return err != nil && strings.Contains(err.Error(), "hecksum") }
	cut := func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
	proper := func(err error) bool { return err == nil }
	for name, test := range map[string]struct {
		headers []string
		kinds   []string
		ends    func(error) bool
	}{
		"none":                      {nil, sevenKinds, proper},
		"cut before the first":      {[]string{"X-Fake-Fault", "cut"}, nil, cut},
		"cut between frames":        {[]string{"X-Fake-Fault", "cut", "X-Fake-At", "2"}, sevenKinds[:2], cut},
		"cut after the last":        {[]string{"X-Fake-Fault", "cut", "X-Fake-At", "99"}, sevenKinds, cut},
		"cut within a frame":        {[]string{"X-Fake-Fault", "cut-frame", "X-Fake-At", "2"}, sevenKinds[:2], cut},
		"cut within the last frame": {[]string{"X-Fake-Fault", "cut-frame", "X-Fake-At", "99"}, sevenKinds[:6], cut},
		"end between frames":        {[]string{"X-Fake-Fault", "end", "X-Fake-At", "3"}, sevenKinds[:3], proper},
		"empty stream":              {[]string{"X-Fake-Fault", "end"}, nil, proper},
		"end within a frame":        {[]string{"X-Fake-Fault", "end-frame", "X-Fake-At", "3"}, sevenKinds[:3], cut},
		"reset":                     {[]string{"X-Fake-Fault", "reset", "X-Fake-At", "2"}, sevenKinds[:2], func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		"prelude":                   {[]string{"X-Fake-Fault", "prelude-crc", "X-Fake-At", "2"}, sevenKinds[:2], checksum},
		"message":                   {[]string{"X-Fake-Fault", "message-crc", "X-Fake-At", "2"}, sevenKinds[:2], checksum},
		"no stop":                   {[]string{"X-Fake-Fault", "no-stop"}, sevenKinds[:5], proper},
		"no metadata":               {[]string{"X-Fake-Fault", "no-metadata"}, sevenKinds[:6], proper},
		"exception first":           {[]string{"X-Fake-Fault", "throttling", "X-Fake-At", "0"}, []string{"throttlingException"}, proper},
		"exception later":           {[]string{"X-Fake-Fault", "modelStreamErrorException", "X-Fake-At", "1"}, []string{"messageStart", "modelStreamErrorException"}, proper},
		"default exception":         {[]string{"X-Fake-Fault", "exception", "X-Fake-At", "1"}, []string{"messageStart", "internalServerException"}, proper},
		"error message":             {[]string{"X-Fake-Fault", "error-message", "X-Fake-At", "1"}, []string{"messageStart", "InternalError"}, proper},
		"unknown event":             {[]string{"X-Fake-Fault", "unknown-event", "X-Fake-At", "1"}, append([]string{"messageStart", "tokenForecast"}, sevenKinds[1:]...), proper},
		"unknown delta":             {[]string{"X-Fake-Fault", "unknown-delta", "X-Fake-At", "1"}, append([]string{"messageStart", "contentBlockDelta"}, sevenKinds[1:]...), proper},
		"unknown block": {
			[]string{"X-Fake-Fault", "unknown-block"},
			append(append(append([]string{}, sevenKinds[:5]...),
				"contentBlockStart", "contentBlockDelta", "contentBlockStop", // the hologram
				"contentBlockDelta", "contentBlockDelta", "contentBlockDelta", "contentBlockDelta", "contentBlockStop"), sevenKinds[5:]...),
			proper,
		},
		"no type":        {[]string{"X-Fake-Fault", "no-type", "X-Fake-At", "1"}, sevenKinds, proper},
		"bad json":       {[]string{"X-Fake-Fault", "bad-json", "X-Fake-At", "1"}, sevenKinds, proper},
		"byte by byte":   {[]string{"X-Fake-Split", "1"}, sevenKinds, proper},
		"slow head":      {[]string{"X-Fake-Slow-Head", "1us"}, sevenKinds, proper},
		"slow and cut":   {[]string{"X-Fake-Slow-Head", "1us", "X-Fake-Fault", "cut", "X-Fake-At", "2"}, sevenKinds[:2], cut},
		"slow and split": {[]string{"X-Fake-Slow-Head", "1us", "X-Fake-Split", "7"}, sevenKinds, proper},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, fakebedrock.Config{}, false)
			resp, frames, err := s.stream(helloBody, append(test.headers, threeTokens...)...)
			if resp == nil || resp.StatusCode != 200 {
				t.Fatalf("response %v, %v", resp, err)
			}
			if diff := cmp.Diff(test.kinds, kinds(frames)); diff != "" {
				t.Error(diff)
			}
			if !test.ends(err) {
				t.Errorf("ended with %v", err)
			}
			if s.bedrock.Aborted() != 0 && !checksum(err) { // after a bad frame the client disconnects
				t.Error("the server reports that the client disconnected")
			}
		})
	}
}

func TestSpoiledFrames(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	_, frames, err := s.stream(helloBody, append(threeTokens, "X-Fake-Fault", "no-type", "X-Fake-At", "1")...)
	if err != nil || frames[1].header(":message-type") != "" || frames[1].header(":event-type") == "" {
		t.Errorf("got %v, %v, want a second frame without :message-type", frames, err)
	}
	checkCorruptPrelude(t, s)
	_, frames, err = s.stream(helloBody, append(threeTokens, "X-Fake-Fault", "bad-json", "X-Fake-At", "1")...)
	if err != nil || !strings.HasPrefix(frames[1].payload, `{"contentBlockIndex"`) || strings.HasSuffix(frames[1].payload, "}") {
		t.Errorf("got %v, %v, want half a JSON object in the second frame", frames, err)
	}
	_, frames, err = s.stream(helloBody, "X-Fake-Fault", "serviceUnavailable", "X-Fake-At", "0", "X-Fake-Message", "come back later")
	want := frame{
		headers: [][2]string{{":exception-type", "serviceUnavailableException"}, {":content-type", "application/json"}, {":message-type", "exception"}},
		payload: `{"message":"come back later"}`,
	}
	if err != nil || len(frames) != 1 || cmp.Diff(want, frames[0], cmp.AllowUnexported(frame{})) != "" {
		t.Errorf("got %v, %v, want %v alone", frames, err, want)
	}
	_, frames, err = s.stream(helloBody, "X-Fake-Fault", "error-message")
	if err != nil || len(frames) != 1 || frames[0].header(":message-type") != "error" || frames[0].header(":error-message") == "" {
		t.Errorf("got %v, %v, want one frame of type error with a message", frames, err)
	}
}

// checkCorruptPrelude checks that only the prelude checksum is wrong.
func checkCorruptPrelude(t *testing.T, s *served) {
	t.Helper()
	resp, err := s.post("converse-stream", helloBody, append(threeTokens, "X-Fake-Fault", "prelude-crc")...)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw := []byte(readAll(t, resp))
	for i := 0; len(raw) > 0; i++ {
		size := binary.BigEndian.Uint32(raw)
		prelude := binary.BigEndian.Uint32(raw[8:]) == crc32.ChecksumIEEE(raw[:8])
		message := binary.BigEndian.Uint32(raw[size-4:]) == crc32.ChecksumIEEE(raw[:size-4])
		if prelude != (i != 0) || !message {
			t.Errorf("frame %d: prelude %v, message %v", i, prelude, message)
		}
		raw = raw[size:]
	}
}

// On HTTP/2 a cut resets the stream, and the connection stays open.
func TestStreamFaultsOnHTTP2(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, true)
	for _, fault := range []string{"cut", "cut-frame", "reset"} {
		_, frames, err := s.stream(helloBody, append(threeTokens, "X-Fake-Fault", fault, "X-Fake-At", "2")...)
		if len(frames) != 2 || err == nil {
			t.Errorf("%s: %d frames, %v", fault, len(frames), err)
		}
	}
	if _, frames, err := s.stream(helloBody, append(threeTokens, "X-Fake-Slow-Head", "1us")...); err != nil || len(frames) != 7 {
		t.Errorf("slow head: %d frames, %v", len(frames), err)
	}
}

func TestWholeFaults(t *testing.T) {
	for fault, want := range map[string]error{
		"cut": io.ErrUnexpectedEOF, "cut-frame": io.ErrUnexpectedEOF, "reset": syscall.ECONNRESET, "end": nil, "end-frame": nil,
	} {
		s := serve(t, fakebedrock.Config{}, false)
		resp, body, err := s.whole(helloBody, "X-Fake-Fault", fault)
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s: %v", fault, err)
		}
		if resp == nil || resp.StatusCode != 200 || body == "" || strings.HasSuffix(body, "}}") {
			t.Errorf("%s: %v %s", fault, resp, body)
		}
	}
	s := serve(t, fakebedrock.Config{}, false)
	_, body, err := s.whole(helloBody, "X-Fake-Fault", "unknown-block", "X-Fake-Text", "a")
	if want := `"content":[{"text":"a"},{"hologram":{"depth":3}},{"text":" After the hologram."}]`; err != nil || !strings.Contains(body, want) {
		t.Errorf("%s, %v", body, err)
	}
}

func TestAnswersThatAreNotBedrocks(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	for fault, want := range map[string]string{
		"html-502":  "502 text/html <html>",
		"bare-429":  "429  ",
		"empty-200": "200 application/json ",
		"json-200":  "200 application/json {}",
	} {
		resp, err := s.post("converse-stream", helloBody, "X-Fake-Fault", fault)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		got := strings.Fields(resp.Status)[0] + " " + resp.Header.Get("Content-Type") + " " + string(raw)
		if err != nil || !strings.HasPrefix(got, want) || resp.Header.Get("X-Amzn-Errortype") != "" {
			t.Errorf("%s: %q, %v", fault, got, err)
		}
	}
}

// tapped is a connection that records the bytes read.
type tapped struct {
	net.Conn
	read *bytes.Buffer
}

func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Write(p[:n])
	return n, err
}

// Each piece is a separate HTTP/1.1 chunk.
func TestSplitWrites(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	var read bytes.Buffer
	s.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return tapped{conn, &read}, err
	}}}
	resp, frames, err := s.stream(helloBody, append(threeTokens, "X-Fake-Split", "7", "X-Fake-Close", "true")...)
	if err != nil || resp == nil || len(frames) != 7 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	if chunks := strings.Count(read.String(), "\r\n7\r\n"); chunks < 100 {
		t.Errorf("%d chunks of 7 bytes", chunks)
	}
}

func TestCloseConnection(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	resp, _, err := s.whole(helloBody, "X-Fake-Close", "true")
	if err != nil || !resp.Close {
		t.Errorf("got %v, %v, want a closed connection", resp, err)
	}
	resp, _, err = s.whole(helloBody)
	if err != nil || resp.Close {
		t.Errorf("got %v, %v, want an open connection", resp, err)
	}
}

// A slow response has complete headers, with a date and a length.
func TestSlowHead(t *testing.T) {
	s := serve(t, fakebedrock.Config{}, false)
	resp, body, err := s.whole(helloBody, "X-Fake-Slow-Head", "1us")
	if err != nil || resp.ContentLength != int64(len(body)) || !resp.Close || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %v, %v, want JSON of %d bytes and a closed connection", resp, err, len(body))
	}
	if _, err := http.ParseTime(resp.Header.Get("Date")); err != nil {
		t.Error(err)
	}
}
