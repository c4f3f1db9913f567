package bedrocktest

import (
	"encoding/binary"
	"hash/crc32"

	"bedrock-extproc/internal/eventstream"
)

// Frame encodes one frame; headers are name, value, ….
func Frame(payload string, headers ...string) []byte {
	var list []eventstream.Header
	for i := 0; i < len(headers); i += 2 {
		list = append(list, eventstream.Header{Name: headers[i], Value: headers[i+1]})
	}
	return eventstream.AppendMessage(nil, list, []byte(payload))
}

// Event encodes an event as the service does.
func Event(kind, payload string) []byte {
	return Frame(payload, ":event-type", kind, ":content-type", "application/json", ":message-type", "event")
}

// Exception encodes an exception as the service does.
func Exception(kind, message string) []byte {
	return Frame(`{"message":"`+message+`"}`, ":exception-type", kind, ":content-type", "application/json", ":message-type", "exception")
}

// Answer is a whole stream that says text.
func Answer(text string) [][]byte {
	return [][]byte{
		Event("messageStart", `{"p":"ab","role":"assistant"}`),
		Event("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"`+text+`"},"p":"abc"}`),
		Event("contentBlockStop", `{"contentBlockIndex":0,"p":"a"}`),
		Event("messageStop", `{"p":"ab","stopReason":"end_turn"}`),
		Event("metadata", `{"metrics":{"latencyMs":7},"p":"ab","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}`),
	}
}

// Promise is a prelude that announces a frame of n bytes.
func Promise(n uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, n)
	b = binary.BigEndian.AppendUint32(b, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}
