package converse

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// This file bounds what an Answer holds.

const (
	// maxBlock bounds a block of a stream, in bytes. An image may have several MB.
	maxBlock = 16 << 20
	// blockOverhead and pieceOverhead are about the memory, in bytes, of a block without
	// content, and of a piece besides its text.
	blockOverhead = 512
	pieceOverhead = 64
)

// hold counts n bytes that are held until the answer ends. The error is a
// *translator.Error for too many.
func (a *Answer) hold(n int) error {
	if a.held += n; a.held > translator.MaxAnswer {
		return translator.ErrAnswerTooLarge("Bedrock's answer", translator.MaxAnswer)
	}
	return nil
}

// holdBlock counts n bytes of a block.
func (a *Answer) holdBlock(b *openBlock, n int) error {
	if b.held += n; b.held > maxBlock {
		return translator.ErrAnswerTooLarge("A content block of Bedrock's answer", maxBlock)
	}
	return a.hold(n)
}

// add copies a piece of a block to a list of pieces.
func (a *Answer) add(b *openBlock, list *pieces, piece rawjson.Value) error {
	if err := a.holdBlock(b, len(piece)+pieceOverhead); err != nil {
		return err
	}
	*list = append(*list, rawjson.Compact(piece).Clone())
	return nil
}
