package extproc_test

import (
	"bytes"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"bedrock-extproc/extproc"
)

// notText is what wire turns into bytes that are not UTF-8.
const notText = "~~"

// wire is a message as Envoy sends it, with notText as bytes that are not UTF-8.
func wire(t *testing.T, m proto.Message) mem.BufferSlice {
	t.Helper()
	raw, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return mem.BufferSlice{mem.SliceBuffer(bytes.ReplaceAll(raw, []byte(notText), []byte("\xff\xfe")))}
}

// requestWith is a message with a text in each kind of string field.
func requestWith(text string, value *structpb.Value) *extprocv3.ProcessingRequest {
	return &extprocv3.ProcessingRequest{
		Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{
			Headers: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{
				{Key: "x-one", Value: text}, {Key: "x-two", RawValue: []byte("two")},
			}},
		}},
		Attributes: map[string]*structpb.Struct{"envoy.filters.http.ext_proc": {Fields: map[string]*structpb.Value{
			"request.id": value, "source.address": structpb.NewStringValue("127.0.0.1:1"), "list": structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{value}}),
		}}},
	}
}

// A string that is not UTF-8 is as good as missing, and everything else arrives.
func TestCodecSkipsWhatIsNoText(t *testing.T) {
	sent := requestWith(notText, structpb.NewStringValue(notText))
	var got extprocv3.ProcessingRequest
	if err := (extproc.Codec{}).Unmarshal(wire(t, sent), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(requestWith("", &structpb.Value{}), &got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// Messages that are no protobuf, and very deep ones, fail.
func TestCodecFails(t *testing.T) {
	deep := structpb.NewStringValue(notText)
	for range 1000 {
		deep = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{deep}})
	}
	for name, data := range map[string]mem.BufferSlice{
		"deep": wire(t, requestWith("", deep)), "cut": wire(t, requestWith(notText, nil))[:1], "noise": {mem.SliceBuffer("\xff\xff\xff")},
	} {
		if name == "cut" {
			data = mem.BufferSlice{mem.SliceBuffer(data.Materialize()[:data.Len()-1])}
		}
		if err := (extproc.Codec{}).Unmarshal(data, &extprocv3.ProcessingRequest{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzCodec compares the codec with protobuf's: what that accepts is the same, and
// nothing makes the codec panic.
func FuzzCodec(f *testing.F) {
	for _, text := range []string{"text", notText} {
		raw, _ := proto.Marshal(requestWith(text, structpb.NewStringValue(text)))
		f.Add(bytes.ReplaceAll(raw, []byte(notText), []byte("\xff\xfe")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want, got extprocv3.ProcessingRequest
		wantErr := proto.Unmarshal(raw, &want)
		err := (extproc.Codec{}).Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, &got)
		if wantErr == nil && (err != nil || !proto.Equal(&want, &got)) {
			t.Errorf("%v, %v", err, cmp.Diff(&want, &got, protocmp.Transform()))
		}
	})
}
