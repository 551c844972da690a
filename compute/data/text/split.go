package text

import "bytes"

// split makes cells of the row at the beginning of b, and returns its length with the line end; 0: more has to be read. A
// comment that may begin in what follows b is more, too.
func (s *Scanner) split(b []byte) (int, error) {
	if len(b) < 64 && !s.last { // it may be the beginning of a comment
		return 0, nil
	}
	s.cells, s.scratch, s.inner, s.quoted = s.cells[:0], s.scratch[:0], 0, false
	separator, mark := s.dialect.Separator, s.dialect.Quote
	i := 0
	if s.line == s.dialect.First && s.dialect.Header && s.dialect.Comment != "" {
		if start := s.blanks(b, 0); bytes.HasPrefix(b[start:], []byte(s.dialect.Comment)) {
			i = start + len(s.dialect.Comment)
		}
	}
	for {
		i = s.blanks(b, i)
		var cell []byte
		if i < len(b) && b[i] == mark && mark != None {
			var err error
			if cell, i, err = s.enclosed(b, i); err != nil || i == 0 {
				return 0, err
			}
		} else {
			start := i
			for i < len(b) && !s.stops[b[i]] {
				i++
			}
			cell = trimRight(b[start:i])
		}
		if separator == Blanks {
			i = s.blanks(b, i)
		}
		if i == len(b) && !s.last {
			return 0, nil
		}
		s.cells = append(s.cells, cell)
		switch {
		case i == len(b):
			return i, nil
		case b[i] == '\n' || b[i] == '\r':
			return s.afterEnd(b, i), nil
		case separator != Blanks:
			i++
		}
	}
}

// blanks returns the place of the first byte of b from i on that is no blank.
func (s *Scanner) blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' && s.dialect.Separator != '\t') {
		i++
	}
	return i
}

func trimRight(cell []byte) []byte {
	for len(cell) > 0 && (cell[len(cell)-1] == ' ' || cell[len(cell)-1] == '\t') {
		cell = cell[:len(cell)-1]
	}
	return cell
}

// enclosed returns the cell in quotes that begins at b[at], and the place of the separator or line end after it; 0: more has to
// be read.
func (s *Scanner) enclosed(b []byte, at int) (cell []byte, end int, err error) {
	mark, twice := s.dialect.Quote, false
	i := at + 1
	for {
		j := bytes.IndexByte(b[i:], mark)
		if i += j; j < 0 || i+1 == len(b) && !s.last {
			if s.last {
				err := fault(s.line+s.inner, "quote", "a quote is opened by %c and not closed", mark)
				err.open = true
				return nil, 0, err
			}
			return nil, 0, nil
		}
		if i+1 == len(b) || b[i+1] != mark {
			break
		}
		twice = true
		i += 2
	}
	cell = b[at+1 : i]
	if end = i + 1; s.dialect.Separator != Blanks {
		end = s.blanks(b, end)
	}
	if end == len(b) && !s.last {
		return nil, 0, nil
	}
	if end < len(b) && !s.stops[b[end]] {
		return nil, 0, s.afterQuote(cell, b[end])
	}
	s.quoted = true
	if bytes.IndexByte(cell, '\r') >= 0 || bytes.IndexByte(cell, '\n') >= 0 {
		s.inner += lineEnds(cell)
	} else if !twice {
		return cell, end, nil
	}
	return s.plain(cell), end, nil
}

// afterQuote says what is wrong with a byte after a closing quote.
func (s *Scanner) afterQuote(cell []byte, next byte) error {
	mark, line := s.dialect.Quote, s.line+s.inner+lineEnds(cell)
	if len(cell) > 0 && cell[len(cell)-1] == '\\' {
		err := fault(line, "quote", `a quote is escaped by a backslash, \%c: export with quotes that are written twice, %c%c`, mark, mark, mark)
		err.escaped = true
		return err
	}
	return fault(line, "quote", "%q follows a closing %c: a quote within a cell is written twice, and a cell that is not quoted begins with none",
		next, mark)
}

// plain returns a cell without the second of doubled quotes, with LF for line ends, in scratch.
func (s *Scanner) plain(cell []byte) []byte {
	start := len(s.scratch)
	for i := 0; i < len(cell); i++ {
		c := cell[i]
		switch {
		case c == s.dialect.Quote:
			i++
		case c == '\r':
			c = '\n'
			if i+1 < len(cell) && cell[i+1] == '\n' {
				i++
			}
		}
		s.scratch = append(s.scratch, c)
	}
	return s.scratch[start:len(s.scratch):len(s.scratch)]
}

// lineEnds counts the ends of lines: LF, CRLF and CR.
func lineEnds(b []byte) int {
	return bytes.Count(b, []byte{'\n'}) + bytes.Count(b, []byte{'\r'}) - bytes.Count(b, []byte("\r\n"))
}
