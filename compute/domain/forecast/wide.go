package forecast

import (
	"slices"
	"strconv"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
)

// maxWide bounds the columns of values of a wide table.
const maxWide = data.MaxColumns

// part is what columns of a wide table say within the time of a row.
type part struct {
	row    when.Kind // of the times of the rows
	format string    // of the times that come of both
	names  [][]string
	// stamp is the time of column i (from 0) in a row.
	stamp func(row when.Stamp, i int) when.Stamp
}

// parts are what columns may be named by, in order.
var parts = []part{
	{when.Year, "%Y-%m", monthNames(), func(row when.Stamp, i int) when.Stamp {
		return when.Stamp{Kind: when.Month, Value: 12*row.Value + int64(i)}
	}},
	{when.Year, "%YQ%q", numbered(4, 1, "q", "quarter", "quarter "), func(row when.Stamp, i int) when.Stamp {
		return when.Stamp{Kind: when.Quarter, Value: 4*row.Value + int64(i)}
	}},
	{when.Day, "%Y-%m-%d %H:%M", numbered(24, 0, "h", "hour", "hour "), hour},
	{when.Day, "%Y-%m-%d %H:%M", clockNames(), hour},
}

func hour(row when.Stamp, i int) when.Stamp {
	return when.Stamp{Kind: when.Moment, Value: row.Value*secondsPerDay + int64(i)*3600}
}

// monthNames are the names of the months, in small letters.
func monthNames() (names [][]string) {
	for _, name := range strings.Fields("january february march april may june july august september october november december") {
		names = append(names, []string{name, name[:3], name[:3] + "."})
	}
	return names
}

// numbered are names with a number behind them.
func numbered(n, first int, prefixes ...string) (names [][]string) {
	for i := range n {
		var list []string
		for _, p := range prefixes {
			list = append(list, p+strconv.Itoa(first+i))
			if first+i < 10 {
				list = append(list, p+"0"+strconv.Itoa(first+i))
			}
		}
		names = append(names, list)
	}
	return names
}

// clockNames are the hours of a clock.
func clockNames() (names [][]string) {
	for i := range 24 {
		h := strconv.Itoa(i)
		names = append(names, []string{h + ":00", "0" + h + ":00", h + ":00:00", "0" + h + ":00:00"})
	}
	return names
}

// column returns which of the part's columns a name is; −1: none.
func (p *part) column(name string) int {
	name = strings.ToLower(strings.TrimSpace(name))
	return slices.IndexFunc(p.names, func(list []string) bool { return slices.Contains(list, name) })
}

// of returns the columns of the part, in order, by the names that they have; ok is false where one is missing or there twice.
func (p *part) of(names []string) (columns []string, ok bool) {
	columns, n := make([]string, len(p.names)), 0
	for _, name := range names {
		if i := p.column(name); i >= 0 {
			if columns[i] != "" {
				return nil, false
			}
			columns[i] = name
			n++
		}
	}
	return columns, n == len(columns)
}

// fewTimes is the least number of columns that are named by times.
const fewTimes = 3

// wideNames returns the columns of a table that is wide by the names in its header; nil where it is not.
func (r *reader) wideNames() []string {
	var names []string
	for _, c := range r.columns("value_column") {
		names = append(names, c.Name())
	}
	for _, p := range parts {
		if columns, ok := p.of(names); ok {
			return columns
		}
	}
	// Times as names come last, behind what tells the rows apart.
	from := len(names)
	for from > 0 {
		if s, err := alone(names[from-1]); err != nil || s.Kind == when.Number || s.Kind == when.Moment {
			break
		}
		from--
	}
	if names = names[from:]; len(names) < fewTimes {
		return nil
	}
	if _, _, err := r.headerTimes(names); err != nil {
		return nil
	}
	return names
}

// headerTimes reads names as times.
func (r *reader) headerTimes(names []string) (stamps []when.Stamp, layout when.Layout, err error) {
	if r.form.TimeFormat != "" {
		layout, err = when.ByName(r.form.TimeFormat)
	} else {
		layout, err = when.Detect(slices.All(names))
	}
	if err != nil {
		return nil, layout, err
	}
	for _, name := range names {
		s, err := layout.Parse(name)
		if err != nil {
			return nil, layout, err
		}
		stamps = append(stamps, s)
	}
	return stamps, layout, nil
}

// wide finds the points of a wide table.
func (r *reader) wide() (*source, error) {
	names := r.form.Wide
	columns := make([]*data.Column, len(names))
	for i, name := range names {
		c, err := r.named("wide_columns", name)
		if err != nil {
			return nil, err
		}
		columns[i] = c
	}
	if err := r.format(columns...); err != nil {
		return nil, err
	}
	s := &source{name: names[0] + " … " + names[len(names)-1]}
	s.value = func(p *point) (string, error) { return r.number(columns[p.wide], int(p.row)) }
	for i := range parts {
		if _, ok := parts[i].of(names); ok && len(parts[i].names) == len(names) {
			return s, r.unfold(s, &parts[i], names)
		}
	}
	return s, r.transpose(s, names)
}

// unfold makes the points of rows each of which has the values of one part of its time after the other.
func (r *reader) unfold(s *source, p *part, names []string) error {
	times, layout, err := r.times()
	if err != nil {
		return err
	}
	if times == nil || layout.Kind() != p.row {
		return data.Errorf(1, "", "wide_columns", "columns %s need one beside them with a time that is a %s", listed(names), p.row)
	}
	rows, err := r.instants(times, layout)
	if err != nil {
		return err
	}
	if s.layout, err = when.ByName(p.format); err != nil {
		return err
	}
	at := make([]int, len(names)) // the column of each part
	for i, name := range names {
		at[p.column(name)] = i
	}
	for k, row := range rows.points {
		for i, wide := range at {
			s.add(p.stamp(rows.stamps[k], i), int(row.line), int(row.row), wide)
		}
	}
	r.notes = append(r.notes, data.Note{Text: "a wide table: the values are those of " + listed(names) + ", one after the other"})
	return nil
}

// transpose makes the points of one row, whose columns are named by their times.
func (r *reader) transpose(s *source, names []string) error {
	stamps, layout, err := r.headerTimes(names)
	if err != nil {
		return data.Errorf(1, "", "wide_columns", "columns %s are named neither by months, quarters or hours nor by times: %v", listed(names), err)
	}
	if len(r.rows) != 1 {
		return data.Errorf(0, "", "series_column", "the columns are times, and there are %d rows of them: series_column and series say which is meant", len(r.rows))
	}
	r.form.TimeColumn, r.form.TimeFormat, s.layout = None, layout.Name(), layout
	for i, stamp := range stamps {
		s.add(stamp, r.grid.Line(int(r.rows[0])), int(r.rows[0]), i)
	}
	r.notes = append(r.notes, data.Note{Text: "the times are the names of the columns " + listed(names)})
	return nil
}
