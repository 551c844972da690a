package text

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestUnpackLimit(t *testing.T) {
	for _, n := range []int{9, 10, 11, 1000} {
		s, err := Unpack(strings.NewReader(strings.Repeat("x", n)), nil, 10)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(s)
		var e *Error
		if n <= 10 && (err != nil || len(b) != n) || n > 10 && (!errors.As(err, &e) || len(b) > 11) {
			t.Errorf("%d bytes: %d read, %v", n, len(b), err)
		}
	}
}

// broken gives some bytes and an error that readers take for the end of a file.
type broken struct{ r io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// TestBroken: a stream that breaks is not one that ends.
func TestBroken(t *testing.T) {
	s, err := Unpack(broken{strings.NewReader("a,b\n1,2\n")}, nil, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(s.Reader, Settings{})
	for err == nil {
		_, _, err = r.Next()
	}
	if err == io.EOF || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a broken stream: %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

// TestDecoder: characters over the ends of pieces, and what is decided late.
func TestDecoder(t *testing.T) {
	f := func(text []byte, name, encoding, want string) {
		t.Helper()
		head := text[:min(len(text), HeadBytes)]
		d, err := newDecoder(bytes.NewReader(text), head, name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(d)
		if err != nil || string(got) != want || d.name != encoding {
			t.Errorf("%d bytes in %q: %d bytes, %v, %s, want %d bytes in %s", len(text), name, len(got), err, d.name, len(want), encoding)
		}
	}
	for n := 1<<16 - 4; n < 1<<16+2; n++ {
		long := strings.Repeat("x", n)
		f([]byte(long+"é€😀"), "", UTF8, long+"é€😀")
		f([]byte(long+"\xe9\x80"), "", Windows, long+"é€")
		f([]byte("é"+long+"é"), "", UTF8, "é"+long+"é")
	}
	f([]byte("\xef\xbb\xbfa"), "", UTF8, "a")
	f([]byte("\xff\xfea\x00"), "utf-16", UTF16LE, "a")
	f([]byte("\xfe\xff\x00a"), "utf-16", UTF16BE, "a")
	f([]byte("\x82\xa0"), "Shift_JIS", "shift_jis", "あ")
	f([]byte("\xe9"), "latin1", Windows, "é")
	f(nil, "", UTF8, "")
}
