package extproc

import (
	"runtime"

	"bedrock-extproc/translator"
)

const (
	// bodyCost is the memory that one byte of a body costs: the byte, and one more for
	// its translation, both of which exist while it is translated.
	bodyCost = 2
	// messageCost is what one byte of a body costs while gRPC receives it in one message:
	// in frames, in the message, and in its field.
	messageCost = 3
	// maxGarbage is how many bytes of dropped bodies wait for the garbage collector. It
	// would let the heap double, but finds bodies quickly, because they hold no pointers.
	maxGarbage = 16 << 20
	// largeBody is the size, in bytes, from which bodies count as garbage when they are
	// dropped. A collection costs a call milliseconds; small bodies wait for Go's own.
	largeBody = 256 << 10
	// firstBody is the first allocation for a body, in bytes, if the client announces at
	// least that much.
	firstBody = 16 << 10
)

// A body is a request body in memory, which counts against the limit on the bodies of
// all calls. It is used by one goroutine at a time, and must be released.
type body struct {
	bytes     []byte
	admission *admission
	// max limits the size, in bytes. expected is the size that the client announces,
	// or -1.
	max, expected int
	counted       int64 // against the limit
}

// Write adds a part. The error is a *translator.Error: the body is larger than max, or
// there is no memory for it.
func (b *body) Write(part []byte) (int, error) {
	size := len(b.bytes) + len(part)
	if size > b.max {
		return 0, translator.ErrTooLarge(b.max)
	}
	if size > cap(b.bytes) {
		room := b.roomFor(size)
		if !b.count(room) {
			return 0, translator.ErrBodiesOverloaded()
		}
		old := len(b.bytes)
		b.bytes = append(make([]byte, 0, room), b.bytes...)
		b.discard(old)
	}
	b.bytes = append(b.bytes, part...)
	b.discard(len(part)) // it came in a message
	return len(part), nil
}

// reserve counts a body that is going to come in one message, before gRPC may receive any
// of it: gRPC cannot say how much of a message has arrived. One of unknown length counts
// like the largest. The error is a *translator.Error.
func (b *body) reserve() error {
	size := b.expected
	if size < 0 {
		size = b.max
	}
	cost := min(messageCost*int64(size), b.admission.maxBodies)
	if !b.admission.take(limitKey{limit: LimitBodies}, cost, b.admission.maxBodies) {
		return translator.ErrBodiesOverloaded()
	}
	b.counted = cost
	return nil
}

// adopt takes over the body of a message as the whole body, which was reserved. The error
// is a *translator.Error: it is larger than was reserved, and there is no memory for it.
func (b *body) adopt(whole []byte) error {
	if !b.count(cap(whole)) {
		return translator.ErrBodiesOverloaded()
	}
	b.bytes = whole
	b.discard((messageCost - 1) * len(whole))
	return nil
}

// roomFor returns the capacity for a body that grows to size bytes: it doubles, but is
// no more than the client announces.
func (b *body) roomFor(size int) int {
	room := max(size, min(2*len(b.bytes), b.max))
	if size <= b.expected {
		room = min(max(room, firstBody), b.expected)
	}
	return room
}

// count counts a body with a capacity of n bytes, or reports false.
func (b *body) count(n int) bool {
	cost := bodyCost * int64(n)
	if !b.admission.take(limitKey{limit: LimitBodies}, cost-b.counted, b.admission.maxBodies) {
		return false
	}
	b.counted = cost
	return true
}

// translated drops the body for a translation of n bytes, which is counted in its
// place even if it is larger.
func (b *body) translated(n int) {
	b.release()
	b.admission.add(limitKey{limit: LimitBodies}, int64(n))
	b.counted = int64(n)
}

func (b *body) release() {
	b.admission.add(limitKey{limit: LimitBodies}, -b.counted)
	b.bytes = nil
	b.discard(int(b.counted))
	b.counted = 0
}

// discard records that n bytes of a large body have become garbage.
func (b *body) discard(n int) {
	a := b.admission
	if b.counted >= bodyCost*largeBody && a.garbage.Add(int64(n)) >= maxGarbage {
		a.garbage.Store(0)
		runtime.GC()
	}
}
