package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"doin.network/node/compute/data/columnar"
	"doin.network/node/compute/data/text"
)

// Read reads a file. keep says which columns are stored, by name; nil: all that can be read. Errors about the content wrap ErrData, those about
// options ErrOptions; the others are the file system's.
func Read(path string, o Options, keep func(name string) bool) (*Grid, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadFrom(f, o, keep)
}

// ReadFrom is Read of what r gives. What can be read at any place, as a file, is read from its beginning.
func ReadFrom(r io.Reader, o Options, keep func(name string) bool) (*Grid, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Missing == nil {
		o.Missing = DefaultMissing()
	}
	c := newCounter(r, o.Progress)
	s, err := text.Unpack(c, c.all, MaxBytes)
	if err != nil {
		return nil, own(err)
	}
	defer s.Close()
	head, err := s.Peek(8)
	if err != nil && err != io.EOF {
		return nil, own(err)
	}
	t := newTable(&o, keep)
	t.grid.reading.Compression = s.Compression
	if err := t.readForm(formOf(head), s, c); err != nil {
		return nil, own(err)
	}
	c.end()
	return t.finish(), nil
}

// ReadText is ReadFrom of UTF-8 as it stands: what a stranger sends, which has no compression and no other form, whatever it
// begins with.
func ReadText(r io.Reader, o Options, keep func(name string) bool) (*Grid, error) {
	o.Encoding = text.UTF8
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Missing == nil {
		o.Missing = DefaultMissing()
	}
	t := newTable(&o, keep)
	if err := t.readText(text.Plain(r, MaxBytes), o.text()); err != nil {
		return nil, own(err)
	}
	return t.finish(), nil
}

// formOf returns what a file is by its first bytes.
func formOf(head []byte) string {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return "parquet"
	}
	if file, ok := columnar.IsArrow(head); file {
		return "arrow"
	} else if ok {
		return "arrow stream"
	}
	return "text"
}

// readForm reads a file of a form into the table.
func (t *table) readForm(form string, s *text.Stream, c *counter) error {
	if s.Compression == "" && c.total > MaxBytes {
		return Errorf(0, "", "", "%d bytes: at most %d are read", c.total, MaxBytes)
	}
	if form == "text" {
		return t.readText(s, t.options.text())
	}
	all, err := s.Whole()
	if err != nil {
		return err
	}
	return t.readColumns(form, all)
}

// own returns an error as this package's, if it is about the content.
func own(err error) error {
	var e *text.Error
	if errors.As(err, &e) {
		return &Error{Line: e.Line, Column: e.Column, Option: e.Option, Reason: e.Reason}
	}
	if errors.Is(err, ErrData) {
		return err
	}
	return fmt.Errorf("read data: %w", err)
}

// readText reads a text into the table.
func (t *table) readText(s *text.Stream, settings text.Settings) error {
	r, err := text.NewReader(s.Reader, settings)
	if err != nil {
		return err
	}
	if err := t.begin(r.Names(), r.Width()); err != nil {
		return err
	}
	for {
		cells, line, err := r.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = t.add(cells, line)
		}
		if err != nil {
			return err
		}
	}
	t.understood(r)
	return nil
}

// understood puts what was found into the reading.
func (t *table) understood(r *text.Reader) {
	d, s := r.Dialect(), r.Settings()
	o := &t.grid.reading.options
	o.Separator, o.Encoding, o.Quote, o.Comment, o.Header, o.FirstLine = s.Separator, s.Encoding, s.Quote, s.Comment, s.Header, s.First
	t.grid.reading.Form = "text"
	if d.First > 1 {
		t.note(1, "", "the table begins at line %d: what precedes it is passed over", d.First)
	}
	if o.Skip = s.Skip; len(s.Skip) > 0 {
		t.note(0, "", "no rows, passed over: line %s", strings.Join(s.Skip, ", "))
	}
	blank, comments := r.Passed()
	for _, n := range [...]struct {
		n         int
		one, many string
	}{
		{blank, "blank line between rows is", "blank lines between rows are"}, {comments, "line of comment is", "lines of comment are"},
		{t.empty, "row without a cell that is not empty is", "rows without a cell that is not empty are"},
	} {
		switch {
		case n.n == 1:
			t.note(0, "", "1 %s passed over", n.one)
		case n.n > 1:
			t.note(0, "", "%d %s passed over", n.n, n.many)
		}
	}
	if s.Encoding == text.Windows && t.options.Encoding == "" {
		t.note(0, "", "not UTF-8: read as %s", text.Windows)
	}
}

// text returns the settings of a text.
func (o *Options) text() text.Settings {
	return text.Settings{Separator: o.Separator, Encoding: o.Encoding, Quote: o.Quote, Comment: o.Comment, Header: o.Header, First: o.FirstLine, Skip: o.Skip}
}
