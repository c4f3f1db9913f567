package extproc

import (
	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// A Codec is gRPC's codec for protobuf, except for the messages of a Server, which it reads
// and writes without Go's structs for them.
type Codec struct{}

// Name implements [encoding.CodecV2].
func (Codec) Name() string { return protocodec.Name }

// Marshal implements [encoding.CodecV2].
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	if r, ok := v.(response); ok {
		return mem.BufferSlice{r.buffer}, nil
	}
	return encoding.GetCodecV2(protocodec.Name).Marshal(v)
}

// Unmarshal implements [encoding.CodecV2].
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return encoding.GetCodecV2(protocodec.Name).Unmarshal(data, v)
	}
	raw := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer raw.Free()
	return m.unmarshal(raw.ReadOnlyData())
}
