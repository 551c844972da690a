package forecast

import (
	"slices"
	"strings"

	"doin.network/node/compute/data"
)

// timeColumn is the columns of the times: one, or several that are read as one.
type timeColumn []*data.Column

// Name returns the name, for errors and answers.
func (t timeColumn) Name() string {
	if len(t) == 1 {
		return t[0].Name()
	}
	return timeName
}

// Missing reports whether a cell of a row is missing.
func (t timeColumn) Missing(row int) bool {
	return slices.ContainsFunc(t, func(c *data.Column) bool { return c.Missing(row) })
}

// Text returns the time of a row: of several columns that begin with a year "2020-5-31 7:30", with "Q" before a quarter and "W" before a week, of others
// "31/5/2020 7:30"; an hour alone gets its minutes.
func (t timeColumn) Text(row int) string {
	if len(t) == 1 {
		return t[0].Text(row)
	}
	first := t[0].Text(row)
	date := 1 // columns of the date
	if len(first) == 4 && isDigits(first) {
		date = 3
	}
	var b strings.Builder
	b.WriteString(first)
	for i, c := range t[1:] {
		text := c.Text(row)
		switch i++; {
		case i < date:
			b.WriteByte('-')
			switch part := partOf(c.Name()); {
			case part == partQuarter && len(text) == 1:
				b.WriteByte('Q')
			case part == partWeek && isDigits(text):
				b.WriteString("W0"[:3-min(len(text), 2)])
			}
		case i == date:
			b.WriteByte(' ')
		default:
			b.WriteByte(':')
		}
		b.WriteString(text)
		if i == date && i == len(t)-1 && isDigits(text) {
			b.WriteString(":00")
		}
	}
	return b.String()
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// What a column may be a part of, by its name.
const (
	partYear = iota + 1
	partQuarter
	partMonth
	partDay
	partHour
	partMinute
	partSecond
	partDate
	partWeek
)

// partNames are the names of columns that are parts of times, in small letters.
var partNames = map[string]int{
	"year": partYear, "yr": partYear, "yyyy": partYear, "quarter": partQuarter, "qtr": partQuarter, "q": partQuarter,
	"month": partMonth, "mon": partMonth, "mo": partMonth, "mm": partMonth, "day": partDay, "dd": partDay, "hour": partHour, "hr": partHour, "hh": partHour,
	"time": partHour, "minute": partMinute, "min": partMinute, "second": partSecond, "sec": partSecond, "date": partDate,
	"week": partWeek, "isoweek": partWeek, "iso_week": partWeek, "wk": partWeek,
}

func partOf(name string) int { return partNames[strings.ToLower(strings.TrimSpace(name))] }

// together returns the columns that are times together, where there are such and the first of them alone is not: a year and a
// month, quarter or week of ISO 8601 and what is smaller, a date and what is smaller.
func (r *reader) together() timeColumn {
	parts := map[int]*data.Column{}
	for _, c := range r.columns("time_columns") {
		if p := partOf(c.Name()); p > 0 && parts[p] == nil {
			parts[p] = c
		}
	}
	follow := func(first int, others ...int) timeColumn {
		if parts[first] == nil || parts[others[0]] == nil {
			return nil
		}
		list := timeColumn{parts[first]}
		for _, p := range others {
			if parts[p] == nil {
				break
			}
			list = append(list, parts[p])
		}
		for i := 1; i < len(r.rows); i++ {
			if list[0].Text(int(r.rows[i])) == list[0].Text(int(r.rows[i-1])) {
				return list
			}
		}
		return nil
	}
	for _, chain := range [...][]int{{partDate, partHour, partMinute, partSecond}, {partYear, partMonth, partDay, partHour, partMinute, partSecond}, {partYear, partQuarter}, {partYear, partWeek}} {
		if list := follow(chain[0], chain[1:]...); list != nil {
			return list
		}
	}
	return nil
}
