package text

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// span is lines of a file that are no rows, both ends among them.
type span struct{ from, to int }

// MaxSkips bounds the list of lines that are no rows.
const MaxSkips = 256

// skips reads a setting: numbers of lines, "98-120" and, to the end of the file, "98-", ascending.
func skips(list []string) ([]span, error) {
	if len(list) > MaxSkips {
		return nil, fmt.Errorf("skip_lines: %d entries, at most %d", len(list), MaxSkips)
	}
	var out []span
	last := 0
	for _, s := range list {
		first, end, ranged := strings.Cut(s, "-")
		from, err := strconv.Atoi(first)
		to := from
		if ranged && end == "" {
			to = math.MaxInt
		} else if ranged && err == nil {
			to, err = strconv.Atoi(end)
		}
		if err != nil || from <= last || to < from {
			return nil, fmt.Errorf("skip_lines %.20q: must be ascending numbers of lines, ranges as 98-120, or 98- for all from there on", s)
		}
		out, last = append(out, span{from, to}), to
	}
	return out, nil
}

// skipNames is the inverse of skips. It is never nil: what is found is that there are none.
func skipNames(spans []span) []string {
	out := make([]string, 0, len(spans))
	for _, s := range spans {
		switch name := strconv.Itoa(s.from); {
		case s.to == math.MaxInt:
			out = append(out, name+"-")
		case s.to > s.from:
			out = append(out, name+"-"+strconv.Itoa(s.to))
		default:
			out = append(out, name)
		}
	}
	return out
}

// rowCount is what a client of a database writes below a table.
var rowCount = regexp.MustCompile(`^\([0-9]+ rows?\)$`)

// ruled returns the lines of a sample that are drawn, as databases' clients and Markdown have them, and those that count the rows.
func ruled(sample []byte) (out []span) {
	for line := 1; len(sample) > 0 && len(out) < MaxSkips; line++ {
		n := bytes.IndexAny(sample, "\r\n")
		if n < 0 {
			n = len(sample)
		}
		if text := bytes.TrimSpace(sample[:n]); drawn(text) || rowCount.Match(text) {
			out = append(out, span{line, line})
		}
		switch rest := sample[n:]; {
		case bytes.HasPrefix(rest, []byte("\r\n")):
			sample = rest[2:]
		case len(rest) > 0:
			sample = rest[1:]
		default:
			sample = nil
		}
	}
	return out
}

// drawn reports whether a line is drawn: three dashes or double ones at least, and nothing but marks.
func drawn(line []byte) bool {
	if !bytes.Contains(line, []byte("---")) && !bytes.Contains(line, []byte("===")) {
		return false
	}
	return len(bytes.Trim(line, "-=+|: \t")) == 0
}

// maxFoot bounds the rows below a table that are none of it.
const maxFoot = 50

// foot returns how many of the last rows, which follow a blank line, are narrower than a table: notes below it.
func foot(rows [][]string, lines []int, first []string, width int) int {
	at, start := len(rows), len(rows)
	for at > 1 && len(rows)-at < maxFoot && !fits(rows[at-1], first, width, true) && filled(rows[at-1]) < width {
		if at--; lines[at] > lines[at-1]+1 {
			start = at
		}
	}
	if len(rows)-start >= start {
		return 0
	}
	return len(rows) - start
}

// units reports whether the first of the rows below the names has units or second names: no value, and words over several columns of
// values, or over one where nothing else stands in the row.
func units(rows [][]string) bool {
	const least = 2
	if len(rows) <= least {
		return false
	}
	words, others := 0, 0
	for i, cell := range rows[0] {
		switch {
		case isValue(cell):
			return false
		case isMissing(cell):
		case column(rows[1:], i) == numbers:
			words++
		default:
			others++
		}
	}
	return words > 1 || words == 1 && others == 0
}
