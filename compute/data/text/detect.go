package text

import (
	"bytes"
	"math"
	"slices"
	"strings"
)

// detect finds the dialect of a text in its beginning; the settings that are given stand.
func detect(sample []byte, cut bool, s Settings) (Dialect, error) {
	if bytes.IndexByte(sample, '\n') < 0 { // one end of lines is as good as another
		sample = bytes.ReplaceAll(sample, []byte{'\r'}, []byte{'\n'})
	}
	d := Dialect{Quote: '"', First: max(s.First, 1)}
	marks := separators
	if s.Separator != "" {
		b, err := separator(s.Separator)
		if err != nil {
			return d, err
		}
		marks = []byte{b}
	}
	if s.Quote != "" {
		var err error
		if d.Quote, err = quote(s.Quote); err != nil {
			return d, err
		}
	}
	if b, n := announced(sample); n > 0 && s.First == 0 {
		if d.First = 2; s.Separator == "" {
			marks = []byte{b}
		}
	}
	switch s.Comment {
	case "":
		d.Comment = comment(sample)
	case "none":
	default:
		d.Comment = s.Comment
	}
	d.Header = s.Header == "first" && s.First > 0
	if s.Skip == nil {
		d.skip, d.foots = ruled(sample), true
	} else {
		var err error
		if d.skip, err = skips(s.Skip); err != nil {
			return d, err
		}
	}
	t := choose(sample, cut, d, marks)
	if s.Quote == "" && bytes.IndexByte(sample, '\'') >= 0 {
		single := d
		single.Quote = '\''
		if u := choose(sample, cut, single, marks); u.tier() < t.tier() || u.tier() == t.tier() && t.wrapped("'") {
			t = u
		}
	}
	return t.decide(sample, cut, s)
}

// decide returns the dialect of a trial, with its header and where its table begins.
func (t *trial) decide(sample []byte, cut bool, s Settings) (Dialect, error) {
	d, err := t.decided(sample, cut, s)
	if s.Skip == nil { // what precedes the table is passed over anyway
		d.skip = slices.DeleteFunc(slices.Clone(d.skip), func(l span) bool { return l.to <= d.First })
	}
	return d, err
}

func (t *trial) decided(sample []byte, cut bool, s Settings) (Dialect, error) {
	d := t.dialect
	if t.escaped != nil {
		return d, t.escaped
	}
	if len(t.rows) == 0 {
		d.Header = s.Header != "none"
		return d, nil
	}
	rows, line := t.rows[t.first:len(t.rows)-t.foot], t.lines[t.first]
	if t.foot > 0 {
		d.skip = append(slices.Clone(d.skip), span{t.lines[len(t.rows)-t.foot], math.MaxInt})
		for i := 0; i < len(d.skip)-1; i++ { // what is drawn below is no other entry
			if d.skip[i].to >= d.skip[len(d.skip)-1].from {
				d.skip = slices.Delete(d.skip, i, len(d.skip)-1)
			}
		}
	}
	if d.Comment != "" && s.Comment == "" {
		header, rowsThemselves := t.commented(sample, line)
		if rowsThemselves {
			s.Comment = "none"
			return detect(sample, cut, s)
		}
		if header > 0 && s.Header == "" && s.First == 0 {
			if names, err := hasHeader(rows, line); err == nil && !names {
				d.First, d.Header = header, true
				return d, nil
			}
		}
	}
	if d.First = line; s.First > 0 {
		d.First = s.First
	}
	switch s.Header {
	case "first":
		d.Header = true
	case "none":
		d.Header = false
	default:
		var err error
		if d.Header, err = hasHeader(rows, line); err != nil {
			return d, err
		}
	}
	if d.foots && d.Header && len(rows) > 1 && units(rows[1:]) {
		d.skip = append(slices.Clone(d.skip), span{t.lines[t.first+1], t.lines[t.first+1]})
		slices.SortFunc(d.skip, func(a, b span) int { return a.from - b.from })
	}
	return d, nil
}

// comment returns the mark of the comments that a sample has; empty: none.
func comment(sample []byte) string {
	for line := range bytes.Lines(sample) {
		line = bytes.TrimLeft(line, " \t")
		for _, mark := range []string{"#", "%", "//"} {
			if bytes.HasPrefix(line, []byte(mark)) {
				return mark
			}
		}
	}
	return ""
}

// commented looks at the lines that begin with the comment mark. header is the last of them before the first row, with nothing
// but blanks between, if it has as many cells behind the mark; rows: most lines are of that kind, with as many cells as the
// others.
func (t *trial) commented(sample []byte, first int) (header int, rows bool) {
	plain := t.dialect
	plain.Comment = ""
	plain.First, plain.skip, plain.foots = 1, nil, false
	n, fitting, at := 0, 0, 0
	for line := range bytes.Lines(sample) {
		at++
		body, ok := bytes.CutPrefix(bytes.TrimLeft(line, " \t"), []byte(t.dialect.Comment))
		if !ok {
			continue
		}
		n++
		u := try(body, false, plain)
		fits := len(u.rows) == 1 && len(u.rows[0]) == t.width
		if fits {
			fitting++
		}
		if at < first {
			if header = 0; fits && t.width > 1 && nameLike(u.rows[0]) {
				header = at
			}
		}
	}
	return header, t.width > 1 && fitting == n && n > len(t.rows)
}

// announced reads a first line as "sep=;", which a spreadsheet writes to name the separator. n is its length, 0 for none.
func announced(sample []byte) (b byte, n int) {
	line, _, _ := bytes.Cut(sample, []byte{'\n'})
	text := strings.TrimRight(string(line), "\r")
	if len(text) >= 5 && len(text) <= 8 && strings.EqualFold(text[:4], "sep=") {
		if b, err := separator(strings.Trim(text[4:], `"`)); err == nil && b != None {
			return b, len(line)
		}
	}
	return 0, 0
}
