package worker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Version is the protocol's newest version, which a worker names in describe. The "v" of a header is one of 1 to Version:
// a parent writes 1 until it knows its worker's, then the lower of both; a worker answers in the version it was asked in.
const Version = 2

// Limits of a frame.
const (
	// MaxHeaderBytes bounds a frame's header.
	MaxHeaderBytes = 1 << 20
	// DefaultFrameBytes is the default bound of a frame's body.
	DefaultFrameBytes = 256 << 20
	// MaxID is the largest request id: what a JSON number surely carries.
	MaxID = 1<<53 - 1
)

// prefixBytes is the size of the two lengths in front of a header.
const prefixBytes = 12

// Kind says what a frame is to its request.
type Kind string

// The kinds of frame: request, credit and cancel go to the worker, reply, record
// and error come from it.
const (
	KindRequest Kind = "request" // opens a request
	KindCredit  Kind = "credit"  // lets an optimize start its next generation
	KindCancel  Kind = "cancel"  // asks for an early end
	KindReply   Kind = "reply"   // ends a request
	KindRecord  Kind = "record"  // one generation of an optimize
	KindError   Kind = "error"   // ends a request without a result
)

// Verb names what a request asks for.
type Verb string

// The verbs.
const (
	VerbDescribe  Verb = "describe"
	VerbConfigure Verb = "configure"
	VerbOptimize  Verb = "optimize"
	VerbEvaluate  Verb = "evaluate"
	VerbInfer     Verb = "infer"
	VerbGenerate  Verb = "generate"
	VerbExport    Verb = "export"
	VerbTelemetry Verb = "telemetry"
	VerbShutdown  Verb = "shutdown"
)

// Frame is one message of the protocol.
type Frame struct {
	// V is the version of the protocol that it is written in, 1 to Version; 0 is written as 1.
	V int
	// ID is the request the frame belongs to, 1 to MaxID; 0 only in the error about
	// a frame whose id could not be read.
	ID   uint64
	Verb Verb
	Kind Kind
	// Data is the header's payload; nil reads as empty.
	Data *canon.Object
	// Form is the body's; in a request, that of the bodies of its answers too.
	Form table.Form
	// Body is a table, or empty.
	Body []byte
}

// ErrFrame is in every error of ReadFrame about bytes that are no frame.
var ErrFrame = errors.New("worker: bad frame")

// ErrHeader is in those of them after which the stream is still in step: lengths
// and body were in order, only the header's JSON was not.
var ErrHeader = fmt.Errorf("%w: header", ErrFrame)

// ErrFrameTooLarge is in those about a length beyond its bound.
var ErrFrameTooLarge = fmt.Errorf("%w: too large", ErrFrame)

// AppendFrame appends f's bytes to dst.
func AppendFrame(dst []byte, f *Frame) ([]byte, error) {
	header := canon.NewObject("v", max(f.V, 1), "id", f.ID, "verb", string(f.Verb), "kind", string(f.Kind))
	if f.Form != table.Arrow {
		header.Set("body", string(f.Form))
	}
	if f.Data.Len() > 0 {
		header.Set("data", f.Data)
	}
	text := canon.Default(header)
	if len(text) > MaxHeaderBytes {
		return dst, fmt.Errorf("%w: header of %d bytes", ErrFrameTooLarge, len(text))
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(text)))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(f.Body)))
	dst = append(dst, text...)
	return append(dst, f.Body...), nil
}

// WriteFrame writes f with one call of w.Write.
func WriteFrame(w io.Writer, f *Frame) error {
	b, err := AppendFrame(nil, f)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// ReadFrame reads one frame whose body has at most limit bytes. At the end of
// the stream between two frames it returns io.EOF; an ErrFrame for bytes that
// are no frame; else r's error. Memory grows with the bytes that arrive, not with
// the lengths they claim. The caller owns the frame.
func ReadFrame(r io.Reader, limit int64) (Frame, error) {
	var prefix [prefixBytes]byte
	if n, err := io.ReadFull(r, prefix[:]); err != nil {
		if n == 0 {
			return Frame{}, err
		}
		return Frame{}, fmt.Errorf("%w: lengths: %w", ErrFrame, err)
	}
	headerLen := binary.LittleEndian.Uint32(prefix[:4])
	bodyLen := binary.LittleEndian.Uint64(prefix[4:])
	if headerLen > MaxHeaderBytes {
		return Frame{}, fmt.Errorf("%w: header of %d bytes", ErrFrameTooLarge, headerLen)
	}
	if bodyLen > uint64(max(limit, 0)) {
		return Frame{}, fmt.Errorf("%w: body of %d bytes, limit %d", ErrFrameTooLarge, bodyLen, limit)
	}
	text, err := readN(r, int64(headerLen))
	if err != nil {
		return Frame{}, fmt.Errorf("%w: header: %w", ErrFrame, err)
	}
	body, err := readN(r, int64(bodyLen))
	if err != nil {
		return Frame{}, fmt.Errorf("%w: body: %w", ErrFrame, err)
	}
	f, err := parseHeader(text)
	if err != nil {
		return Frame{}, fmt.Errorf("%w: %w", ErrHeader, err)
	}
	f.Body = body
	return f, nil
}

// readN reads exactly n bytes, growing as they come.
func readN(r io.Reader, n int64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	var buf bytes.Buffer
	buf.Grow(int(min(n, 64<<10)))
	got, err := io.Copy(&buf, io.LimitReader(r, n))
	if err == nil && got < n {
		err = io.ErrUnexpectedEOF
	}
	return buf.Bytes(), err
}

func parseHeader(text []byte) (f Frame, err error) {
	o, err := canon.ParseObject(text)
	if err != nil {
		return f, err
	}
	v, err := o.Int("v")
	if err != nil {
		return f, err
	}
	if v < 1 || v > Version {
		return f, fmt.Errorf("protocol version %d, want 1 to %d", v, Version)
	}
	id, err := o.Int("id")
	if err != nil {
		return f, err
	}
	if id < 0 || id > MaxID {
		return f, fmt.Errorf("id %d out of range", id)
	}
	verb, err := o.String("verb")
	if err != nil {
		return f, err
	}
	kind, err := o.String("kind")
	if err != nil {
		return f, err
	}
	form, err := o.StringOr("body", string(table.Arrow))
	if err != nil {
		return f, err
	}
	data, err := o.ObjectOr("data", nil)
	if err != nil {
		return f, err
	}
	return Frame{V: int(v), ID: uint64(id), Verb: Verb(verb), Kind: Kind(kind), Data: data, Form: table.Form(form)}, nil
}
