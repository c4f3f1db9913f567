package extproc

import (
	"bytes"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"bedrock-extproc/translator"
)

// notText is what wire turns into bytes that are not UTF-8.
const notText = "~~"

// wire is a message as Envoy sends it, with notText as bytes that are not UTF-8.
func wire(t testing.TB, m proto.Message) []byte {
	t.Helper()
	raw, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(raw, []byte(notText), []byte("\xff\xfe"))
}

// decode reads a message as gRPC does.
func decode(raw []byte) (*message, error) {
	m := &message{}
	// In parts, as they come from the network.
	half := len(raw) / 2
	return m, Codec{}.Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw[:half]), mem.SliceBuffer(raw[half:])}, m)
}

// requestWith is a message with a text in each kind of string field.
func requestWith(text string, value *structpb.Value) *extprocv3.ProcessingRequest {
	return &extprocv3.ProcessingRequest{
		Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{
			Headers: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{
				{Key: "x-one", Value: text}, {Key: "x-two", RawValue: []byte("two")},
			}},
			EndOfStream: true,
		}},
		MetadataContext: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"jwt": {Fields: map[string]*structpb.Value{"sub": value}}}},
		Attributes: map[string]*structpb.Struct{"envoy.filters.http.ext_proc": {Fields: map[string]*structpb.Value{
			"request.id": value, "source.address": structpb.NewStringValue("127.0.0.1:1"), "list": structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{value}}),
		}}},
		ProtocolConfig: &extprocv3.ProtocolConfiguration{RequestBodyMode: modeFullDuplex},
	}
}

// A string that is not UTF-8 is as good as missing, and everything else arrives.
func TestCodecSkipsWhatIsNoText(t *testing.T) {
	got, err := decode(wire(t, requestWith(notText, structpb.NewStringValue(notText))))
	if err != nil {
		t.Fatal(err)
	}
	if diff := compare(requestWith("", &structpb.Value{}), got); diff != "" {
		t.Error(diff)
	}
}

// Messages that are no protobuf fail.
func TestCodecFails(t *testing.T) {
	whole := wire(t, requestWith("", nil))
	for name, data := range map[string][]byte{"cut": whole[:len(whole)-1], "noise": []byte("\xff\xff\xff"), "a header's length": []byte("\x12\x04\x0a\x02\x0a\x7f")} {
		if _, err := decode(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A very deep struct is as good as missing.
func TestDeepStruct(t *testing.T) {
	deep := structpb.NewStringValue(notText)
	for range 1000 {
		deep = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{deep}})
	}
	m, err := decode(wire(t, requestWith("", deep)))
	if err != nil || m.metadata.get("jwt") != nil {
		t.Errorf("%v, %v", m.metadata.get("jwt"), err)
	}
}

// compare compares what protobuf has read with what the codec has read.
func compare(want *extprocv3.ProcessingRequest, got *message) string {
	as := message{hasProtocol: want.GetProtocolConfig() != nil, mode: want.GetProtocolConfig().GetRequestBodyMode()}
	switch r := want.GetRequest().(type) {
	case *extprocv3.ProcessingRequest_RequestHeaders:
		as.kind, as.endOfStream = requestHeadersField, r.RequestHeaders.GetEndOfStream()
		for _, h := range r.RequestHeaders.GetHeaders().GetHeaders() {
			value := string(h.GetRawValue())
			if value == "" {
				value = h.GetValue()
			}
			as.headers = append(as.headers, header{h.GetKey(), value})
		}
	case *extprocv3.ProcessingRequest_RequestBody:
		as.kind, as.body, as.endOfStream = requestBodyField, r.RequestBody.GetBody(), r.RequestBody.GetEndOfStream()
	case *extprocv3.ProcessingRequest_RequestTrailers:
		as.kind = requestTrailersField
	case nil:
	default:
		as.kind = got.kind // of no interest
	}
	decoded := func(s structs, names map[string]*structpb.Struct) map[string]*structpb.Struct {
		all := map[string]*structpb.Struct{}
		for name := range names {
			all[name] = s.get(name)
		}
		return all
	}
	metadata, attributes := want.GetMetadataContext().GetFilterMetadata(), want.GetAttributes()
	return cmp.Diff(&as, got, cmp.AllowUnexported(message{}, header{}), cmpopts.IgnoreFields(message{}, "metadata", "attributes"), cmpopts.EquateEmpty()) +
		cmp.Diff(metadata, decoded(got.metadata, metadata), protocmp.Transform(), cmpopts.EquateEmpty()) +
		cmp.Diff(attributes, decoded(got.attributes, attributes), protocmp.Transform(), cmpopts.EquateEmpty())
}

// FuzzCodec compares the codec with protobuf's: what that accepts is the same, and
// nothing makes the codec panic.
func FuzzCodec(f *testing.F) {
	for _, text := range []string{"text", notText} {
		f.Add(wire(f, requestWith(text, structpb.NewStringValue(text))))
	}
	f.Add(wire(f, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestBody{RequestBody: &extprocv3.HttpBody{Body: []byte("{}"), EndOfStream: true}}}))
	f.Add(wire(f, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestTrailers{RequestTrailers: &extprocv3.HttpTrailers{}}}))
	f.Add(wire(f, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseBody{ResponseBody: &extprocv3.HttpBody{Body: []byte("{}")}}}))
	f.Add(append(wire(f, requestWith("one", nil)), wire(f, requestWith("two", nil))...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want extprocv3.ProcessingRequest
		wantErr := proto.Unmarshal(raw, &want)
		got, err := decode(raw)
		if wantErr == nil && err != nil {
			t.Fatal(err)
		}
		if wantErr != nil {
			return
		}
		if diff := compare(&want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestResponses compares each response with the one that protobuf reads.
func TestResponses(t *testing.T) {
	o := &Outcome{Model: "m", API: "gateway", Summary: translator.Summary{UsageKnown: true, InputTokens: 12, OutputTokens: 1 << 40}}
	metadata, err := structpb.NewStruct(map[string]any{MetadataNamespace: map[string]any{
		"model": "m", "api": "gateway", "input_tokens": 12, "output_tokens": 1 << 40, "cache_read_tokens": 0, "cache_write_tokens": 0, "total_tokens": 1<<40 + 12,
	}})
	if err != nil {
		t.Fatal(err)
	}
	long := bytes.Repeat([]byte("x"), 70_000)
	list := []header{{"content-type", "application/json"}, {"x-request-id", "id-1"}}
	raw := func(pairs ...string) (all []*corev3.HeaderValue) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, &corev3.HeaderValue{Key: pairs[i], RawValue: []byte(pairs[i+1])})
		}
		return all
	}
	options := func(all []*corev3.HeaderValue) (set []*corev3.HeaderValueOption) {
		for _, h := range all {
			set = append(set, &corev3.HeaderValueOption{Header: h, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD})
		}
		return set
	}
	streamed := func(r *extprocv3.StreamedImmediateResponse, facts *structpb.Struct) *extprocv3.ProcessingResponse {
		return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_StreamedImmediateResponse{StreamedImmediateResponse: r}, DynamicMetadata: facts}
	}
	part := func(body []byte, end bool, facts *structpb.Struct) *extprocv3.ProcessingResponse {
		return streamed(&extprocv3.StreamedImmediateResponse{Response: &extprocv3.StreamedImmediateResponse_BodyResponse{
			BodyResponse: &extprocv3.StreamedBodyResponse{Body: body, EndOfStream: end},
		}}, facts)
	}
	for name, c := range map[string]struct {
		got  response
		want *extprocv3.ProcessingResponse
	}{
		"continue": {continueHeaders(), &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{}}}},
		"whole": {immediateResponse(429, list, long, "details", o.dynamicMetadata()), &extprocv3.ProcessingResponse{
			Response: &extprocv3.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extprocv3.ImmediateResponse{
				Status: &typev3.HttpStatus{Code: 429}, Body: long, Details: "details",
				Headers: &extprocv3.HeaderMutation{SetHeaders: options(raw("content-type", "application/json", "x-request-id", "id-1"))},
			}},
			DynamicMetadata: metadata,
		}},
		"empty": {immediateResponse(200, nil, nil, "", nil), &extprocv3.ProcessingResponse{
			Response: &extprocv3.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extprocv3.ImmediateResponse{Status: &typev3.HttpStatus{Code: 200}, Headers: &extprocv3.HeaderMutation{}}},
		}},
		"headers": {streamedHeaders(200, 12345, list, o.dynamicMetadata()), streamed(&extprocv3.StreamedImmediateResponse{
			Response: &extprocv3.StreamedImmediateResponse_HeadersResponse{HeadersResponse: &extprocv3.HttpHeaders{Headers: &corev3.HeaderMap{
				Headers: raw(":status", "200", "content-type", "application/json", "x-request-id", "id-1", "content-length", "12345"),
			}}},
		}, metadata)},
		"event":     {streamedBody([]byte("data"), false, nil), part([]byte("data"), false, nil)},
		"long part": {streamedBody(long, false, nil), part(long, false, nil)},
		"last part": {streamedBody([]byte("data"), true, o.dynamicMetadata()), part([]byte("data"), true, metadata)},
		"empty end": {streamedBody(nil, true, nil), part(nil, true, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Codec{}.Marshal(c.got)
			if err != nil {
				t.Fatal(err)
			}
			got := &extprocv3.ProcessingResponse{}
			if err := proto.Unmarshal(data.Materialize(), got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
