package text

import (
	"fmt"
	"slices"
)

// Dialect is how rows are written.
type Dialect struct {
	// Separator is the byte between cells; Blanks for runs of spaces and tabs, None for one cell a line.
	Separator byte
	// Quote is the byte around cells; None for none.
	Quote byte
	// Comment is what lines begin with that are no rows; empty for none.
	Comment string
	// First is the line of the file at which the table begins, from 1.
	First int
	// Header says that the first line has the names of the columns. It is no comment, whatever it begins with.
	Header bool
	// skip are the lines that are no rows, ascending.
	skip []span
	// foots says that notes below the table are to be found.
	foots bool
}

// The separators and quotes that are no single mark.
const (
	Blanks = ' '
	None   = 0
)

// Settings are the choices of a user, as a configuration writes them; empty ones are found in the text. See data.Options.
type Settings struct {
	Separator, Encoding, Quote, Comment, Header string
	First                                       int
	Skip                                        []string // nil: found
}

// separators are the marks between cells in the order in which they are preferred where several fit.
var separators = []byte{'\t', ';', '|', ',', Blanks}

// separator returns the byte of a setting.
func separator(s string) (byte, error) {
	switch {
	case s == "space":
		return Blanks, nil
	case s == "tab", s == `\t`:
		return '\t', nil
	case s == "none":
		return None, nil
	case len(s) == 1 && s[0] != ' ' && slices.Contains(separators, s[0]), s == ":":
		return s[0], nil
	}
	return 0, fmt.Errorf("separator %.20q: must be one of , ; | : tab, space, none", s)
}

// separatorName is the inverse of separator.
func separatorName(b byte) string {
	switch b {
	case Blanks:
		return "space"
	case None:
		return "none"
	case '\t':
		return "tab"
	}
	return string(rune(b))
}

// quote returns the byte of a setting.
func quote(s string) (byte, error) {
	switch s {
	case `"`, "'":
		return s[0], nil
	case "none":
		return None, nil
	}
	return 0, fmt.Errorf(`quote %.20q: must be ", ' or none`, s)
}

// Check returns what is wrong with the settings, each with its key before it; nil: nothing.
func (s Settings) Check() (errs []error) {
	add := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if s.Separator != "" {
		_, err := separator(s.Separator)
		add(err)
	}
	if s.Quote != "" {
		_, err := quote(s.Quote)
		add(err)
	}
	if s.Encoding != "" {
		_, _, err := lookup(s.Encoding)
		add(err)
	}
	switch s.Header {
	case "", "first", "none":
	default:
		add(fmt.Errorf("header %.20q: must be first or none", s.Header))
	}
	if len(s.Comment) > 16 {
		add(fmt.Errorf("comment %.20q: must be at most 16 bytes", s.Comment))
	}
	_, err := skips(s.Skip)
	add(err)
	if s.First < 0 {
		add(fmt.Errorf("first_line %d: must be at least 1", s.First))
	}
	return errs
}

// settings returns what reads a text in this dialect again.
func (d Dialect) settings(encoding string) Settings {
	s := Settings{Separator: separatorName(d.Separator), Encoding: encoding, Quote: "none", Comment: "none", Header: "none", First: d.First,
		Skip: skipNames(d.skip)}
	if d.Quote != None {
		s.Quote = string(rune(d.Quote))
	}
	if d.Comment != "" {
		s.Comment = d.Comment
	}
	if d.Header {
		s.Header = "first"
	}
	return s
}
