package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// messageReader hands the messages of a stream in memory to Arrow. Arrow's own
// reader allocates what a length claims before it has seen that many bytes.
type messageReader struct {
	data []byte
	msg  *ipc.Message
}

var _ ipc.MessageReader = (*messageReader)(nil)

const continuation = 0xFFFFFFFF

// Message returns the next message, valid until the next call; io.EOF at the
// end marker or the end of the bytes.
func (r *messageReader) Message() (*ipc.Message, error) {
	if len(r.data) == 0 {
		return nil, io.EOF
	}
	n, err := r.length()
	if err == nil && n == continuation {
		n, err = r.length()
	}
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	meta, err := r.take(int64(n))
	if err != nil {
		return nil, fmt.Errorf("message metadata: %w", err)
	}
	if err := verify(meta); err != nil {
		return nil, err
	}
	head := ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(nil))
	size := head.BodyLen()
	head.Release()
	body, err := r.take(size)
	if err != nil {
		return nil, fmt.Errorf("message body: %w", err)
	}
	r.drop()
	r.msg = ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body))
	return r.msg, nil
}

func (r *messageReader) length() (uint32, error) {
	b, err := r.take(4)
	if err != nil {
		return 0, fmt.Errorf("message length: %w", err)
	}
	return binary.LittleEndian.Uint32(b), nil
}

// take returns a copy of the next n bytes, aligned as an allocation is.
func (r *messageReader) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(len(r.data)) {
		return nil, fmt.Errorf("%d bytes claimed, %d left", n, len(r.data))
	}
	b := slices.Clone(r.data[:n])
	r.data = r.data[n:]
	return b, nil
}

func (r *messageReader) drop() {
	if r.msg != nil {
		r.msg.Release()
		r.msg = nil
	}
}

// Retain and Release are no-ops: Decode owns the reader.
func (r *messageReader) Retain()  {}
func (r *messageReader) Release() {}

var errTooLarge = errors.New("stream takes more memory than its limit")

// boundedAllocator panics (Decode recovers) when more than left bytes are asked
// for in all; freeing gives nothing back, so the bound is on work, too.
type boundedAllocator struct {
	memory.Allocator
	left int64
}

func (a *boundedAllocator) spend(n int) {
	if n < 0 || int64(n) > a.left {
		panic(errTooLarge)
	}
	a.left -= int64(n)
}

func (a *boundedAllocator) Allocate(size int) []byte {
	a.spend(size)
	return a.Allocator.Allocate(size)
}

func (a *boundedAllocator) Reallocate(size int, b []byte) []byte {
	a.spend(max(size-len(b), 0))
	return a.Allocator.Reallocate(size, b)
}
