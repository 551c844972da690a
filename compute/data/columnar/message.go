package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// maxMeta bounds the bytes of a message without its body.
const maxMeta = 16 << 20

// messageReader hands the messages of a file to Arrow, whose own reader allocates what a length claims before it has seen that
// many bytes.
type messageReader struct {
	r    *io.SectionReader
	left int64
	msg  *ipc.Message
}

var _ ipc.MessageReader = (*messageReader)(nil)

const continuation = 0xFFFFFFFF

// Message returns the next message, valid until the next call; io.EOF at the end marker or the end of the bytes.
func (r *messageReader) Message() (*ipc.Message, error) {
	if r.left == 0 {
		return nil, io.EOF
	}
	n, err := r.length()
	if err == nil && n == continuation {
		n, err = r.length()
	}
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, io.EOF
	case n > maxMeta:
		return nil, fmt.Errorf("message metadata of %d bytes", n)
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
	r.Release()
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

// take returns the next n bytes.
func (r *messageReader) take(n int64) ([]byte, error) {
	if n < 0 || n > r.left {
		return nil, fmt.Errorf("%d bytes claimed, %d left", n, r.left)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.r, b); err != nil {
		return nil, err
	}
	r.left -= n
	return b, nil
}

// Retain is a no-op: ReadArrow owns the reader.
func (r *messageReader) Retain() {}

// Release drops the message that was returned last.
func (r *messageReader) Release() {
	if r.msg != nil {
		r.msg.Release()
		r.msg = nil
	}
}

var errTooLarge = errors.New("it takes more memory than its limit")

// allocator panics, which guard recovers, when more than left bytes are asked for at once; those that are freed count no more.
type allocator struct {
	memory.Allocator
	left int64
}

func newAllocator(limit int64) *allocator { return &allocator{memory.NewGoAllocator(), limit} }

func (a *allocator) spend(n int) {
	if int64(n) > a.left {
		panic(errTooLarge)
	}
	a.left -= int64(n)
}

// Allocate implements memory.Allocator.
func (a *allocator) Allocate(size int) []byte {
	if size < 0 {
		panic(errTooLarge)
	}
	a.spend(size)
	return a.Allocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (a *allocator) Reallocate(size int, b []byte) []byte {
	if size < 0 {
		panic(errTooLarge)
	}
	a.spend(size - len(b))
	return a.Allocator.Reallocate(size, b)
}

// Free implements memory.Allocator.
func (a *allocator) Free(b []byte) {
	a.left += int64(len(b))
	a.Allocator.Free(b)
}
