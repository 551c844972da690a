package worker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func TestFrameBytes(t *testing.T) {
	f := Frame{ID: 7, Verb: VerbInfer, Kind: KindRequest, Data: canon.NewObject("seed", 1), Body: []byte("ab")}
	got, err := AppendFrame(nil, &f)
	if err != nil {
		t.Fatal(err)
	}
	header := `{"v": 1, "id": 7, "verb": "infer", "kind": "request", "data": {"seed": 1}}`
	want := string([]byte{byte(len(header)), 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}) + header + "ab"
	if string(got) != want {
		t.Errorf("AppendFrame() = %q, want %q", got, want)
	}
	r := bytes.NewReader(append(got, got...))
	for range 2 {
		back, err := ReadFrame(r, 2)
		if err != nil || back.ID != 7 || back.Verb != VerbInfer || back.Kind != KindRequest || string(back.Body) != "ab" || !canon.Equal(back.Data, f.Data) {
			t.Errorf("ReadFrame() = %+v, %v", back, err)
		}
	}
	if _, err := ReadFrame(r, 2); err != io.EOF {
		t.Errorf("ReadFrame() at the end = %v, want io.EOF", err)
	}
}

// raw builds a frame from any lengths and text.
func raw(header, body uint64, text string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(header))
	return append(binary.LittleEndian.AppendUint64(b, body), text...)
}

func TestReadFrameRefuses(t *testing.T) {
	f := func(want error, data []byte) {
		t.Helper()
		if got, err := ReadFrame(bytes.NewReader(data), 100); !errors.Is(err, want) || !errors.Is(err, ErrFrame) {
			t.Errorf("ReadFrame(%.60q) = %+v, %v, want %v", data, got, err, want)
		}
	}
	text := func(s string) []byte { return raw(uint64(len(s)), 0, s) }
	f(io.ErrUnexpectedEOF, []byte{1, 2, 3})
	f(io.ErrUnexpectedEOF, raw(10, 0, "{}"))
	f(io.ErrUnexpectedEOF, raw(2, 10, "{}"))
	f(ErrFrameTooLarge, raw(MaxHeaderBytes+1, 0, ""))
	f(ErrFrameTooLarge, raw(2, 101, "{}"))
	f(ErrFrameTooLarge, raw(2, 1<<63, "{}"))
	f(ErrHeader, text(``))
	f(ErrHeader, text(`{`))
	f(ErrHeader, text(`[]`))
	f(ErrHeader, text(`{}`))
	f(ErrHeader, text(`{"v": 3, "id": 1, "verb": "x", "kind": "request"}`))
	f(ErrHeader, text(`{"v": 1, "id": -1, "verb": "x", "kind": "request"}`))
	f(ErrHeader, text(`{"v": 1, "id": 9007199254740992, "verb": "x", "kind": "request"}`))
	f(ErrHeader, text(`{"v": 1, "id": 1, "verb": 3, "kind": "request"}`))
	f(ErrHeader, text(`{"v": 1, "id": 1, "verb": "x", "kind": null}`))
	f(ErrHeader, text(`{"v": 1, "id": 1, "verb": "x", "kind": "request", "data": []}`))
	f(ErrHeader, text(`{"v": 1, "id": 1, "verb": "x", "kind": "request", "data": {"a": NaN}}`))
	f(ErrHeader, text(strings.Repeat(`[`, 1000)))
}

func TestReadFrameTakesNoMoreThanArrives(t *testing.T) {
	data := raw(2, 200<<20, "{}and a little more")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := ReadFrame(bytes.NewReader(data), DefaultFrameBytes); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("a short frame that claims 200 MiB took %d bytes", n)
	}
}

func TestHeaderTooLargeIsNotWritten(t *testing.T) {
	var b bytes.Buffer
	err := WriteFrame(&b, &Frame{ID: 1, Data: canon.NewObject("x", strings.Repeat("a", MaxHeaderBytes))})
	if !errors.Is(err, ErrFrameTooLarge) || b.Len() != 0 {
		t.Errorf("WriteFrame() = %v, wrote %d bytes", err, b.Len())
	}
}

func FuzzReadFrame(f *testing.F) {
	good, err := AppendFrame(nil, &Frame{ID: 7, Verb: VerbInfer, Kind: KindRequest, Data: canon.NewObject("a", 1.5), Body: []byte("body")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(raw(2, 1<<40, "{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		for {
			frame, err := ReadFrame(r, 1<<16)
			if errors.Is(err, ErrHeader) {
				continue
			}
			if err != nil {
				if err != io.EOF && !errors.Is(err, ErrFrame) {
					t.Fatalf("error %v is no ErrFrame", err)
				}
				return
			}
			again, err := AppendFrame(nil, &frame)
			if err != nil {
				return // re-encoding may lengthen the header beyond its bound
			}
			back, err := ReadFrame(bytes.NewReader(again), 1<<16)
			if err != nil || back.ID != frame.ID || back.Verb != frame.Verb || back.Kind != frame.Kind ||
				!bytes.Equal(back.Body, frame.Body) || !canon.Equal(back.Data, frame.Data) {
				t.Fatalf("round trip of %+v = %+v, %v", frame, back, err)
			}
		}
	})
}
