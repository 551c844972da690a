package tabular

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
)

// findFormat finds how numbers are written from the cells of all columns that are, or may be, numeric: those of which
// more than half of the cells are numbers in some format.
func (p *parser) findFormat() error {
	d, err := number.NewDetector(p.options.Decimal, p.options.Thousands)
	if err != nil {
		return data.Errorf(0, "", "decimal", "%v", err)
	}
	var from []*cells
	for _, name := range p.files[0].grid.Names() {
		if c := p.cells(name); p.mayBeNumeric(name) && c.mostlyNumbers() {
			from = append(from, c)
		}
	}
	for _, c := range from {
		for row, text := range c.known() {
			if anyNumber(text) {
				d.Add(int(p.lines[row]), text)
			}
		}
	}
	p.format, err = d.Format()
	var cell *number.CellError
	if errors.As(err, &cell) {
		more := ""
		if errors.Is(err, number.ErrContradiction) {
			more = "; a column of what is no number belongs in categorical_columns"
		}
		return data.Errorf(cell.Line, p.columnOf(from, cell), cell.Option, "%v%s", cell, more)
	}
	p.options.Decimal, p.options.Thousands = p.format.Settings()
	if p.options.Decimal != "." || p.options.Thousands != "none" {
		p.notes = append(p.notes, fmt.Sprintf("numbers have the decimal mark %q and between thousands %q", p.options.Decimal, p.options.Thousands))
	}
	return err
}

// mayBeNumeric reports whether the schema leaves it open that a column holds numbers, or says so.
func (p *parser) mayBeNumeric(name string) bool {
	s := &p.schema
	if name == s.Target {
		return s.Task == Regression
	}
	for _, list := range s.lists() {
		for _, n := range list.names {
			if n == name {
				return list.kind == numeric
			}
		}
	}
	return true
}

// columnOf names the column that has the cell of an error.
func (p *parser) columnOf(list []*cells, e *number.CellError) string {
	for _, c := range list {
		for row, text := range c.known() {
			if int(p.lines[row]) == e.Line && strings.TrimSpace(text) == e.Text {
				return c.name
			}
		}
	}
	return ""
}

// mostlyNumbers reports whether more than half of the known cells are numbers in some format.
func (c *cells) mostlyNumbers() bool {
	known, numbers := 0, 0
	for _, text := range c.known() {
		known++
		if anyNumber(text) {
			numbers++
		}
	}
	return 2*numbers > known
}

// formats are those that a number may have before the file's is known.
var formats = [...]number.Format{{Decimal: '.', Thousands: ','}, {Decimal: ',', Thousands: '.'}, {Decimal: '.', Thousands: ' '}, {Decimal: ',', Thousands: ' '},
	{Decimal: '.', Thousands: '\''}, {Decimal: ',', Thousands: '\''}, {Decimal: '.', Thousands: '_'}, {Decimal: ',', Thousands: '_'}}

// wordy reports whether a text begins with a letter of ASCII, as most that are no numbers do, and no number.
func wordy(text string) bool { return text[0] >= 'A' && text[0] < 0x80 }

// simple reports whether a text is digits, with a point or without, as most numbers are.
func simple(text string) bool {
	points := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '.':
			points++
		case (c < '0' || c > '9') && (c != '-' || i > 0):
			return false
		}
	}
	last := text[len(text)-1]
	return points <= 1 && last >= '0' && last <= '9' && len(text) <= 32
}

// anyNumber reports whether a text is a number in one of formats.
func anyNumber(text string) bool {
	switch {
	case simple(text):
		return true
	case wordy(text), strings.ContainsAny(text[1:], "/:") || strings.LastIndexByte(text, '-') > 0 && !strings.ContainsAny(text, "eE"): // dates
		return false
	}
	for _, f := range formats {
		if _, err := f.Parse(text); err == nil {
			return true
		}
	}
	return false
}

// meant reports whether a text that is no number of the format is meant as one: it is too large, infinite or
// hexadecimal, or has a percent sign, a currency's or parentheses.
func meant(f number.Format, text string, err error) bool {
	switch bare := strings.TrimLeft(text, "+-"); {
	case !errors.Is(err, number.ErrNumber), strings.EqualFold(bare, "inf"), strings.EqualFold(bare, "infinity"):
		return true
	case wordy(text) || !marked(text): // most texts
		return false
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return true
	}
	bare := strings.Trim(text, "%$€£¥₹₽() ")
	_, err = f.Parse(bare)
	return err == nil && len(bare) < len(text)
}

// marked reports whether a text has a character that what is only meant as a number has.
func marked(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c == '%', c == '$', c == '(', c == ')', c == 'x', c == 'X', c >= 0x80:
			return true
		}
	}
	return false
}
