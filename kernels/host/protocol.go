package host

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"doin.network/node/kernels"
)

// The calls and states of shim/server.cpp, where the format is drawn.
const (
	callKernels = 1 + iota
	callAlloc
	callRelease
	callUpload
	callDownload
	callLaunch
	callOrder
)

const (
	statusOK = iota
	statusMemory
	statusInvalid
)

const (
	requestBytes = 32
	replyBytes   = 24
	// messageMost bounds what is read of a message.
	messageMost = 64 << 10
)

type request struct {
	call    uint32
	name    string
	a, b    uint64
	payload []byte
}

// wire is the pipe to and from the program.
type wire struct {
	to   io.Writer
	from *bufio.Reader
}

func (w *wire) send(r request) error {
	h := make([]byte, 0, requestBytes+len(r.name))
	h = binary.NativeEndian.AppendUint32(h, r.call)
	h = binary.NativeEndian.AppendUint32(h, uint32(len(r.name)))
	h = binary.NativeEndian.AppendUint64(h, r.a)
	h = binary.NativeEndian.AppendUint64(h, r.b)
	h = binary.NativeEndian.AppendUint64(h, uint64(len(r.payload)))
	h = append(h, r.name...)
	if _, err := w.to.Write(h); err != nil {
		return err
	}
	_, err := w.to.Write(r.payload)
	return err
}

// errInvalid is a request that the program refuses, as CUDA does with "invalid value".
var errInvalid = errors.New("invalid value")

// refusal is a reply that says no; the program goes on.
type refusal struct {
	cause   error
	message string
}

func (r *refusal) Error() string {
	if r.message == "" {
		return r.cause.Error()
	}
	return r.cause.Error() + ": " + r.message
}

func (r *refusal) Unwrap() error { return r.cause }

// receive reads one reply; its payload goes into `into`, which must have its length, or into a new slice when that is nil.
// An error that is no refusal means that the pipe is broken.
func (w *wire) receive(into []byte) (value uint64, payload []byte, err error) {
	var h [replyBytes]byte
	if _, err := io.ReadFull(w.from, h[:]); err != nil {
		return 0, nil, err
	}
	status := binary.NativeEndian.Uint32(h[0:])
	value = binary.NativeEndian.Uint64(h[8:])
	n := binary.NativeEndian.Uint64(h[16:])
	if status != statusOK || into == nil {
		if n > messageMost {
			return 0, nil, fmt.Errorf("reply of %d bytes", n)
		}
		into = make([]byte, n)
	}
	if n != uint64(len(into)) {
		return 0, nil, fmt.Errorf("reply of %d bytes, want %d", n, len(into))
	}
	if _, err := io.ReadFull(w.from, into); err != nil {
		return 0, nil, err
	}
	switch status {
	case statusOK:
		return value, into, nil
	case statusMemory:
		return 0, nil, &refusal{kernels.ErrMemory, string(into)}
	case statusInvalid:
		return 0, nil, &refusal{errInvalid, string(into)}
	}
	return 0, nil, fmt.Errorf("reply with status %d", status)
}
