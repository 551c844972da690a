package text

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hasHeader reports whether the first of the rows has the names of the columns. It has, where a column of values begins with
// what is none, or of numbers with a time, and in a table of texts unless most columns have their first text again; it has none
// where a value stands over values. Names may be values if they count, as years do. Where the two contradict each other, the
// error names the option.
func hasHeader(rows [][]string, line int) (bool, error) {
	if len(rows) == 1 {
		return nameLike(rows[0]), nil
	}
	names, values, again, fresh := 0, 0, 0, 0
	shift := max(0, len(rows[1])-len(rows[0])) // names of rows
	for i, cell := range rows[0] {
		if i+shift >= len(rows[1]) {
			break
		}
		switch below := column(rows[1:], i+shift); {
		case isMissing(cell):
		case below == numbers && (!isValue(cell) || isTime(cell) && !isTime(first(rows[1:], i+shift))):
			names++
		case below == numbers, below == texts && pattern(cell) != "" && alike(rows[1:], i+shift, pattern(cell)):
			values++
		case below == texts && occurs(rows[1:], i+shift, cell):
			again++
		default:
			fresh++
		}
	}
	switch {
	case values == 0 && names == 0:
		return again <= fresh, nil
	case values == 0, counted(rows[0], names, values):
		return true, nil
	case names == 0:
		return false, nil
	}
	return false, fault(line, "header", "the first line may be names or a row: %d of its cells are names over values, %d are values over values",
		names, values)
}

// counted reports whether the values of a row are names that count: years in equal steps, or from 0 or after names by one.
func counted(row []string, names, values int) bool {
	step, ok := counts(row)
	return ok && (years(row) || step == 1 && (names > 0 || row[0] == "" || values > 2 && slices.Contains(row, "0")))
}

// first returns the first cell of column i that is not missing.
func first(rows [][]string, i int) string {
	for _, row := range rows {
		if i < len(row) && !isMissing(row[i]) {
			return row[i]
		}
	}
	return ""
}

// occurs reports whether a text stands in column i.
func occurs(rows [][]string, i int, text string) bool {
	return slices.ContainsFunc(rows, func(row []string) bool { return i < len(row) && row[i] == text })
}

// isTime reports whether a value has a mark between digits that numbers have not, or more than one of it.
func isTime(cell string) bool {
	return strings.ContainsAny(cell, "/:") || strings.Contains(strings.TrimLeft(cell, "-+"), "-") && !strings.ContainsAny(cell, "eE") ||
		strings.Count(cell, ".") > 1
}

// kinds of what stands in a column, below its first cell.
const (
	nothing = iota
	numbers
	texts
)

// column returns the kind of column i: values, if most of its cells are, missing ones apart.
func column(rows [][]string, i int) int {
	var n [3]int
	for _, row := range rows {
		switch {
		case i >= len(row) || isMissing(row[i]):
		case isValue(row[i]):
			n[numbers]++
		default:
			n[texts]++
		}
	}
	switch {
	case n[numbers] > 9*n[texts]:
		return numbers
	case n[texts] > 0:
		return texts
	}
	return nothing
}

// isMissing reports whether a cell is one of the texts that stand for nothing; it is a matter of the header alone.
func isMissing(cell string) bool {
	switch strings.ToLower(cell) {
	case "", "na", "n/a", "nan", "null", "none", "?", "-", ".", "#n/a":
		return true
	}
	return false
}

// isValue reports whether a cell looks like a number or a time: it begins with a digit after signs, and has digits, marks and
// few letters.
func isValue(cell string) bool {
	digits, letters := 0, 0
	for _, r := range cell {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune("+-−.,:/ '’_%$€£\u00a0\u202f", r):
		case digits > 0 && strings.ContainsRune("eETZWQ", r):
			letters++
		default:
			return false
		}
	}
	return digits > 0 && letters <= 3
}

// pattern is a text with its digits as 9 and its letters as a; empty for one without digits. Labels that count have one.
func pattern(cell string) string {
	digits := false
	out := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			digits = true
			return '9'
		case unicode.IsLetter(r):
			return 'a'
		}
		return r
	}, cell)
	if !digits || utf8.RuneCountInString(cell) < 4 {
		return ""
	}
	return out
}

// alike reports whether all cells of column i have a pattern.
func alike(rows [][]string, i int, want string) bool {
	for _, row := range rows {
		if i < len(row) && !isMissing(row[i]) && pattern(row[i]) != want {
			return false
		}
	}
	return true
}

// counts returns the step of the values of a row, at least two, which are integers in equal steps.
func counts(row []string) (step int, ok bool) {
	n, last := 0, 0
	for _, cell := range row {
		if !isValue(cell) {
			continue
		}
		v, err := strconv.Atoi(cell)
		if err != nil || n > 1 && v-last != step {
			return 0, false
		}
		if n > 0 {
			step = v - last
		}
		n, last = n+1, v
	}
	return step, n >= 2 && step != 0
}

// years reports whether the integers of a row may all be years.
func years(row []string) bool {
	for _, cell := range row {
		if v, err := strconv.Atoi(cell); err == nil && (v < 1500 || v >= 2200) {
			return false
		}
	}
	return true
}

// nameLike reports whether a row may be names: no cell is a value, one at least is no blank.
func nameLike(row []string) bool {
	for _, cell := range row {
		if isValue(cell) {
			return false
		}
	}
	return filled(row) > 0
}
