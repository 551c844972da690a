package text

import (
	"bytes"
	"errors"
	"io"
)

// MaxRow bounds the bytes of a row.
const MaxRow = 16 << 20

// bufferBytes is the size of the buffer, which grows for a long row.
const bufferBytes = 1 << 16

// Scanner splits UTF-8 into rows of cells. It passes over blank lines, comments and what precedes the table.
type Scanner struct {
	r       io.Reader
	dialect Dialect
	stops   [256]bool // bytes at which a cell without quotes may end
	// buf[pos:end] has been read and not split. last: nothing follows it.
	buf      []byte
	pos, end int
	last     bool
	line     int // of buf[pos], from 1
	// cells are those of the row that was split last; inner is the number of line ends within them.
	cells   [][]byte
	inner   int
	quoted  bool // some cell
	scratch []byte
	// blank counts the blank lines between rows, comments the comment lines from the first of the table on.
	blank, comments, trailing int
	rows                      int
	skipped                   int  // of the dialect's skip, those that lie before line
	gap                       bool // a line that was passed over, or a blank one, precedes the row that was split last
}

// NewScanner returns a scanner of rows. The bytes have no mark before them.
func NewScanner(r io.Reader, d Dialect) *Scanner {
	s := &Scanner{r: r, dialect: d, line: 1}
	s.stops['\n'], s.stops['\r'] = true, true
	switch d.Separator {
	case Blanks:
		s.stops[' '], s.stops['\t'] = true, true
	case None:
	default:
		s.stops[d.Separator] = true
	}
	return s
}

// Next returns the cells of the next row, valid until the next call, and the line at which it begins; io.EOF after the last.
// Other errors are an *Error or the reader's.
func (s *Scanner) Next() (cells [][]byte, line int, err error) {
	s.gap = false
	for {
		rest := s.buf[s.pos:s.end]
		if len(rest) == 0 && s.last {
			return nil, 0, io.EOF
		}
		pass, n, err := s.passes(rest), 0, error(nil)
		if pass {
			n = s.lineEnd(rest)
		} else if n, err = s.split(rest); err != nil {
			return nil, 0, err
		}
		if n == 0 {
			if err := s.fill(); err != nil {
				return nil, 0, err
			}
			continue
		}
		line := s.line
		s.pos += n
		s.line++
		if pass {
			s.gap = true
			if line >= s.dialect.First && !s.skips(line) {
				s.comments++
			}
			continue
		}
		s.line += s.inner
		if len(s.cells) == 1 && len(s.cells[0]) == 0 && !s.quoted {
			s.trailing++
			s.gap = true
			continue
		}
		if s.rows > 1 || s.rows == 1 && !s.dialect.Header {
			s.blank += s.trailing
		}
		s.trailing = 0
		s.rows++
		return s.cells, line, nil
	}
}

// fill reads more of the row that begins at buf[pos].
func (s *Scanner) fill() error {
	if s.pos > 0 {
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= MaxRow {
			return fault(s.line, "quote", "a row of more than %d bytes: a quote that is left open, or no text", MaxRow)
		}
		s.buf = append(s.buf, make([]byte, max(len(s.buf), bufferBytes))...)
	}
	n, err := io.ReadFull(s.r, s.buf[s.end:]) // all of it, so that a long row is not split again for each piece
	s.end += n
	if s.last = err == io.EOF || err == io.ErrUnexpectedEOF; s.last {
		return nil
	}
	return s.at(err)
}

// at gives an error of the reader the line at which the reading has arrived.
func (s *Scanner) at(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Line == 0 && e.Option == "encoding" {
		err = fault(s.line+lineEnds(s.buf[s.pos:s.end]), e.Option, "%s", e.Reason)
	}
	return err
}

// passes reports whether the line at the beginning of b is none of the table.
func (s *Scanner) passes(b []byte) bool {
	if s.line < s.dialect.First || s.skips(s.line) {
		return true
	}
	if s.dialect.Comment == "" || s.dialect.Header && s.line == s.dialect.First {
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(b, " \t"), []byte(s.dialect.Comment))
}

// skips reports whether a line, which is no earlier than those asked about before, is one of those that are no rows.
func (s *Scanner) skips(line int) bool {
	for s.skipped < len(s.dialect.skip) && s.dialect.skip[s.skipped].to < line {
		s.skipped++
	}
	return s.skipped < len(s.dialect.skip) && s.dialect.skip[s.skipped].from <= line
}

// lineEnd returns the length of the line at the beginning of b with its end; 0: more has to be read.
func (s *Scanner) lineEnd(b []byte) int {
	at := bytes.IndexAny(b, "\r\n")
	if at < 0 {
		if s.last {
			return len(b)
		}
		return 0
	}
	return s.afterEnd(b, at)
}

// afterEnd returns the place after the line end at b[at]; 0: more has to be read.
func (s *Scanner) afterEnd(b []byte, at int) int {
	switch {
	case b[at] == '\n':
		return at + 1
	case at+1 < len(b) && b[at+1] == '\n':
		return at + 2
	case at+1 < len(b) || s.last:
		return at + 1
	}
	return 0
}
