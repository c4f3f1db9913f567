package responses

import (
	"bytes"
	"encoding/base64"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// sealed begins what encrypted_content encodes in base64, followed by Converse's
// reasoningContent as JSON. The API means it for data that clients send back unread, such
// as signatures. It is not encrypted.
const sealed = "bedrock:1:"

// seal returns the encrypted_content of a reasoningContent, a JSON string.
func seal(content rawjson.Value) rawjson.Value {
	plain := append(append(make([]byte, 0, len(sealed)+len(content)), sealed...), content...)
	text := make(rawjson.Value, 0, base64.StdEncoding.EncodedLen(len(plain))+2)
	return append(base64.StdEncoding.AppendEncode(append(text, '"'), plain), '"')
}

// unseal returns the reasoningContent that seal was given. ok is false for anything else,
// such as the reasoning of another provider.
func unseal(encrypted rawjson.Value) (content rawjson.Value, ok bool) {
	if rawjson.Kind(encrypted) != '"' {
		return nil, false
	}
	plain, err := base64.StdEncoding.DecodeString(rawjson.Text(encrypted))
	if err != nil {
		return nil, false
	}
	content, ok = bytes.CutPrefix(plain, []byte(sealed))
	return content, ok && rawjson.Check(content) == nil && rawjson.Kind(content) == '{'
}

// reasoning reads a thought of an earlier answer.
func (in *input) reasoning(r converse.Object) error {
	in.out.WarnUnknown(r, "type", "id", "summary", "content", "encrypted_content", "status")
	blocks, err := in.thought(r)
	if err != nil {
		return err
	}
	return in.add("assistant", blocks, r.At)
}

// thought prefers what Bedrock has sent to the text of open models. A summary is not what
// the model has thought, so it is not sent.
func (in *input) thought(r converse.Object) ([]converse.Block, error) {
	encrypted := r.Field("encrypted_content")
	if content, ok := unseal(encrypted.Value); ok {
		return in.out.Reasoning(converse.Field{Value: content, At: encrypted.At})
	}
	text, at := rawjson.Value(`"`), r.Field("content").At
	err := r.Each("content", func(p converse.Object) error {
		piece, err := p.Text("text")
		if err == nil && piece.Value != nil {
			text = append(text, piece.Value[1:len(piece.Value)-1]...)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(text) > 1:
		return in.out.Thought(converse.Thought{At: at, Text: converse.Field{Value: append(text, '"'), At: at}})
	}
	in.out.Warn(r.At, converse.FaultReasoningForeign)
	return nil, nil
}
