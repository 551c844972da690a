package text

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
)

// Reader reads the rows of a table.
type Reader struct {
	scanner *Scanner
	decoder *decoder
	dialect Dialect
	names   []string // of the header
	width   int
	held    [][]byte // a row that was read ahead
	heldAt  int
	cells   [][]byte
}

// NewReader finds how a text is written, which is the next of in, and reads its header. Its errors are an *Error or in's.
func NewReader(in *bufio.Reader, s Settings) (*Reader, error) {
	head, err := in.Peek(HeadBytes)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if what := foreign(head); what != "" {
		return nil, fault(0, "", "%s", what)
	}
	r := new(Reader)
	if r.decoder, err = newDecoder(in, head, s.Encoding); err != nil {
		return nil, err
	}
	sample, err := io.ReadAll(io.LimitReader(r.decoder, SampleBytes)) // an error comes again where the rows arrive at it
	text := io.MultiReader(bytes.NewReader(sample), r.decoder)
	cut := len(sample) == SampleBytes
	if cut { // whole lines, where there is one
		if at := bytes.LastIndexAny(sample, "\r\n"); at >= 0 {
			sample = sample[:at+1]
		}
	}
	if len(bytes.TrimSpace(sample)) == 0 {
		if err != nil {
			return nil, err
		}
		return nil, fault(0, "", "the file is empty")
	}
	if r.dialect, err = detect(sample, cut, s); err != nil {
		return nil, err
	}
	r.scanner = NewScanner(text, r.dialect)
	if err := r.begin(); err != nil {
		return nil, err
	}
	if s.Separator != "" && r.dialect.Separator != None && len(r.names) == 1 && r.otherMark(r.names[0]) {
		return nil, fault(r.dialect.First, "separator", "one cell: there is no %s in this line", s.Separator)
	}
	return r, nil
}

// otherMark reports whether another separator stands in a name.
func (r *Reader) otherMark(name string) bool {
	return strings.ContainsFunc(name, func(c rune) bool { return c != rune(r.dialect.Separator) && strings.ContainsRune(",;|\t", c) })
}

// begin reads the header and the first row.
func (r *Reader) begin() error {
	row, line, err := r.scanner.Next()
	if err == io.EOF {
		return fault(0, "first_line", "no row at line %d or after it", r.dialect.First)
	}
	if err != nil {
		return err
	}
	if r.width = len(row); !r.dialect.Header {
		r.held, r.heldAt = row, line
		return nil
	}
	for _, cell := range row {
		name := string(cell)
		if r.dialect.Separator == Blanks {
			name = strings.TrimSuffix(name, ",")
		}
		r.names = append(r.names, name)
	}
	if row, line, err = r.scanner.Next(); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	r.held, r.heldAt = row, line
	if namesRows(r.dialect) && filled(row) == r.width+1 && filled(r.names) == r.width {
		r.names, r.width = append([]string{""}, r.names...), r.width+1
	}
	return nil
}

// Names returns the cells of the header; nil: there is none.
func (r *Reader) Names() []string { return r.names }

// Width returns the number of cells of each row.
func (r *Reader) Width() int { return r.width }

// Dialect returns how the text is written.
func (r *Reader) Dialect() Dialect { return r.dialect }

// Settings returns what reads the text again in the same way. The encoding is known after the last row.
func (r *Reader) Settings() Settings { return r.dialect.settings(r.decoder.name) }

// Passed returns how many lines have been passed over: blank ones between rows, and comments from the first line of the table on.
func (r *Reader) Passed() (blank, comments int) { return r.scanner.blank, r.scanner.comments }

// Next returns the cells of the next row, as many as Width, valid until the next call, and the line at which it begins; io.EOF
// after the last. Other errors are an *Error or those of what is read.
func (r *Reader) Next() (cells [][]byte, line int, err error) {
	if cells, line = r.held, r.heldAt; cells != nil {
		r.held = nil
	} else if cells, line, err = r.scanner.Next(); err != nil {
		return nil, 0, err
	}
	if len(cells) == r.width {
		return cells, line, nil
	}
	if !fits(cells, r.names, r.width, r.names != nil) {
		return nil, 0, r.ragged(cells, line, r.scanner.gap)
	}
	r.cells = append(r.cells[:0], cells[:min(len(cells), r.width)]...)
	for len(r.cells) < r.width {
		r.cells = append(r.cells, nil)
	}
	return r.cells, line, nil
}

// ragged says that a row does not fit, and how many others do not. Where it follows a blank line, gap, and all of the few that are left
// are narrower than the table, it has ended: io.EOF.
func (r *Reader) ragged(cells [][]byte, line int, gap bool) error {
	n, others, what := len(cells), 0, "the header has"
	notes := gap && r.dialect.foots && filled(cells) < r.width
	if !r.dialect.Header {
		what = "the first row has"
	}
	for {
		row, _, err := r.scanner.Next()
		if err != nil {
			break // what else is wrong comes after this
		}
		if !fits(row, r.names, r.width, r.names != nil) {
			others++
			notes = notes && filled(row) < r.width
		} else {
			notes = false
		}
	}
	if notes && others < maxFoot {
		r.dialect.skip = append(r.dialect.skip, span{line, math.MaxInt})
		return io.EOF
	}
	also := ""
	if others > 0 {
		also = fmt.Sprintf("; so have %d more rows not as many", others)
	}
	return fault(line, "separator", "%s, %s %d%s: a cell with a separator in it is quoted, and a line that is no row begins with a comment mark, or stands in skip_lines",
		count(n, "cell"), what, r.width, also)
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
