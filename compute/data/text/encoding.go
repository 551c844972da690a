package text

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The encodings that are found without being named.
const (
	UTF8    = "utf-8"
	UTF16LE = "utf-16le"
	UTF16BE = "utf-16be"
	Windows = "windows-1252" // a superset of what is readable in Latin-1
)

// lookup returns the encoding of a setting and its usual name.
func lookup(name string) (encoding.Encoding, string, error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, "", fmt.Errorf("encoding %.40q: unknown: the names are those of the WHATWG's encoding standard, as utf-8, utf-16le, windows-1252, gbk", name)
	}
	name, err = htmlindex.Name(e)
	return e, name, err
}

// marks are the byte order marks.
var marks = []struct{ mark, name string }{{"\xef\xbb\xbf", UTF8}, {"\xff\xfe", UTF16LE}, {"\xfe\xff", UTF16BE}}

// decoder reads UTF-8 out of a text in another encoding, or in one that is to be found. A byte that does not fit is an error,
// never a replacement.
type decoder struct {
	r    io.Reader
	name string
	// open: so far there was nothing but ASCII, and the name is a guess. It is decided by the first other byte.
	open    bool
	decoded bool   // r gives what another decoder made
	keep    []byte // bytes of a character that is not complete
	ready   []byte // checked, not yet handed on
	buf     []byte
	err     error
}

// newDecoder returns a decoder of r, whose first bytes are head. An empty name: by the mark at the beginning, else by zeros, else
// what begins with valid UTF-8 is that, and windows-1252 otherwise.
func newDecoder(r io.Reader, head []byte, name string) (*decoder, error) {
	d := &decoder{r: r, name: UTF8, buf: make([]byte, 1<<16)}
	mark, marked := "", ""
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.mark)) {
			mark, marked = m.mark, m.name
			break
		}
	}
	if _, err := io.CopyN(io.Discard, r, int64(len(mark))); err != nil {
		return nil, err
	}
	found := marked
	if found == "" {
		found = zeros(head)
	}
	if d.open = name == "" && found == ""; d.open {
		return d, nil
	}
	if name == "" || name == "utf-16" && found != UTF8 && found != "" {
		name = found
	}
	e, usual, err := lookup(name)
	if err != nil {
		return nil, err
	}
	if mark != "" && usual != marked {
		return nil, fault(1, "encoding", "the file begins with the mark of %s, and %s is asked for", marked, usual)
	}
	d.use(e, usual)
	return d, nil
}

// use decodes by an encoding.
func (d *decoder) use(e encoding.Encoding, name string) {
	switch d.name = name; name {
	case UTF8:
		return
	case UTF16LE:
		e = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case UTF16BE:
		e = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	d.r, d.decoded = transform.NewReader(d.r, e.NewDecoder()), true
}

// zeros returns the wide encoding that zeros in every second byte are the sign of; empty: none.
func zeros(head []byte) string {
	var at [2]int
	for i, c := range head {
		if c == 0 {
			at[i%2]++
		}
	}
	switch half := len(head) / 2; {
	case len(head) < 4:
	case at[1] > half/2 && at[0] <= half/16:
		return UTF16LE
	case at[0] > half/2 && at[1] <= half/16:
		return UTF16BE
	}
	return ""
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	for len(d.ready) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		d.more()
	}
	n := copy(p, d.ready)
	d.ready = d.ready[n:]
	return n, nil
}

// more fills ready, or err.
func (d *decoder) more() {
	rest := copy(d.buf, d.keep)
	n, err := io.ReadFull(d.r, d.buf[rest:]) // whole pieces: what is decided hangs on the bytes alone
	b := d.buf[:rest+n]
	d.keep = nil
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	d.err = err
	whole := b
	if err == nil { // the last character may go on
		whole = b[:complete(b)]
		d.keep = append(d.keep, b[len(whole):]...)
	}
	plain := ascii(whole)
	if d.open && !plain {
		d.open = false
		if !utf8.Valid(whole) {
			whole, d.keep = d.fallBack(b), nil
		}
	}
	d.check(whole, plain)
}

// fallBack decodes what is no UTF-8, and all that follows.
func (d *decoder) fallBack(b []byte) []byte {
	e := charmap.Windows1252
	out, _ := e.NewDecoder().Bytes(b) // every byte is a character
	d.use(e, Windows)
	return out
}

// check hands on what fits, up to the first byte that does not. Whoever reads knows the line.
func (d *decoder) check(b []byte, plain bool) {
	bad, what := len(b), ""
	if at := bytes.IndexByte(b, 0); at >= 0 {
		bad, what = at, "a zero byte: this is no text, or one of another encoding"
	}
	if d.decoded {
		if at := bytes.Index(b[:bad], []byte("\ufffd")); at >= 0 {
			bad, what = at, "bytes that are not "+d.name
		}
	} else if !plain && !utf8.Valid(b[:bad]) {
		at := invalid(b[:bad])
		what = fmt.Sprintf("byte 0x%02x is not %s, as what precedes it", b[at], d.name)
		bad = at
	}
	if what != "" {
		d.err = fault(0, "encoding", "%s", what)
	}
	d.ready = b[:bad]
}

// complete returns the length of b without the beginning of a character at its end.
func complete(b []byte) int {
	for i := 1; i <= min(utf8.UTFMax-1, len(b)); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return len(b) - i
			}
			break
		}
	}
	return len(b)
}

func ascii(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// invalid returns the place of the first byte that is no UTF-8.
func invalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return len(b)
}
