package forecast

import (
	"fmt"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/supervised"
)

// point is a time of the file with what stands there.
type point struct {
	stamp when.Stamp
	line  int
	row   int // of the grid
	wide  int // of the columns of a wide table
	at    int // row of the axis
}

// placed are points in the order of their times, each with its row of the axis, of which there are rows.
type placed struct {
	points []point
	axis   axis
	rows   int
	notes  []data.Note
}

// note adds a note.
func (p *placed) note(line int, format string, args ...any) {
	p.notes = append(p.notes, data.Note{Line: line, Text: fmt.Sprintf(format, args...)})
}

// place puts points on an axis. It says in f what was found.
func place(points []point, layout when.Layout, f *Form) (*placed, error) {
	p := &placed{points: points, axis: axis{layout: layout}}
	if len(points) < 2 {
		return nil, data.Errorf(0, "", "", "%d rows: need more", len(points))
	}
	if layout.Name() == "" {
		p.count()
		f.Frequency = p.axis.frequency.String()
		return p, nil
	}
	if err := p.sort(f); err != nil {
		return nil, err
	}
	times, lines := p.times()
	if len(times) < 2 {
		return nil, data.Errorf(points[0].line, f.TimeColumn, "time_column", "all times are %s", p.write(times[0]))
	}
	step, err := p.step(times, lines, f)
	if err != nil {
		return nil, err
	}
	if f.Gaps == "" && step.base == sessionBase || step.base == rowBase {
		f.Gaps = Bridge
	}
	if err := p.settle(times, lines, step, f); err != nil {
		return nil, err
	}
	f.Frequency = p.axis.frequency.String()
	return p, p.unite(f)
}

// count numbers the points where there are no times.
func (p *placed) count() {
	p.axis.frequency = frequency{base: rowBase, n: 1}
	for i := range p.points {
		p.points[i].at = i
	}
	p.rows = len(p.points)
}

// write returns a time in the form of the file.
func (p *placed) write(s when.Stamp) string { return fmt.Sprintf("%.40q", p.axis.layout.Format(s)) }

// sort puts the points in the order of their times, those of one time in that of the file.
func (p *placed) sort(f *Form) error {
	for i := 1; i < len(p.points); i++ {
		if p.points[i].stamp.Compare(p.points[i-1].stamp) >= 0 {
			continue
		}
		if f.Order == Error {
			return data.Errorf(p.points[i].line, f.TimeColumn, "order", "time %s: before the one above it", p.write(p.points[i].stamp))
		}
		p.note(p.points[i].line, "rows are not in the order of their times from here on: sorted")
		slices.SortStableFunc(p.points, func(a, b point) int { return a.stamp.Compare(b.stamp) })
		break
	}
	f.Order = Sort
	return nil
}

// times returns the times, ascending and each once, and the lines at which they stand.
func (p *placed) times() (times []when.Stamp, lines []int) {
	for i := range p.points {
		if i == 0 || p.points[i].stamp.Compare(p.points[i-1].stamp) != 0 {
			times, lines = append(times, p.points[i].stamp), append(lines, p.points[i].line)
		}
	}
	return times, lines
}

// step returns the frequency that f names, or the one found.
func (p *placed) step(times []when.Stamp, lines []int, f *Form) (frequency, error) {
	if f.Frequency != "" {
		step, err := parseFrequency(f.Frequency)
		if err != nil {
			return step, data.Errorf(0, "", "frequency", "%v", err)
		}
		if step.base == numberBase {
			step.n, step.digits = step.n*powers[maxDigits-step.digits], maxDigits
			for step.digits > digitsOf(times) && step.n%10 == 0 {
				step.n, step.digits = step.n/10, step.digits-1
			}
		}
		return step, nil
	}
	step, err := stepOf(times)
	if err == nil {
		return step, nil
	}
	if f.Gaps == Bridge {
		return frequency{base: rowBase, n: 1}, nil
	}
	if m, ok := err.(*misfit); ok {
		return step, data.Errorf(lines[m.row], f.TimeColumn, "frequency", "time %s: %v; say how they step, or gaps %q to count rows",
			p.write(times[m.row]), m, Bridge)
	}
	return step, data.Errorf(0, f.TimeColumn, "frequency", "%v", err)
}

// settle makes the axis of a frequency and gives each point its row.
func (p *placed) settle(times []when.Stamp, lines []int, step frequency, f *Form) error {
	a := &p.axis
	a.frequency, a.kind, a.clock = step, times[0].Kind, when.Stamp{Kind: times[0].Kind, Zoned: times[0].Zoned, Offset: times[0].Offset}
	if step.base == rowBase {
		p.rank(times)
		return nil
	}
	values := make([]int64, len(times))
	for i, s := range times {
		v, ok := at(s, step)
		if !ok {
			return data.Errorf(lines[i], f.TimeColumn, "frequency", "time %s: on no axis that is %s", p.write(s), step)
		}
		values[i] = v
	}
	a.anchor(times, values)
	if f.Gaps == Bridge && (step.base == sessionBase || !dense(values, step.n)) {
		p.bridged(values)
		if step.base != sessionBase {
			a.frequency, a.start, a.loose, a.day = frequency{base: rowBase, n: 1}, 0, false, 0
		}
		p.rank(times)
		return nil
	}
	last, _ := floor(values[len(values)-1]-a.start, step.n)
	if last >= supervised.MaxRows {
		return data.Errorf(lines[len(lines)-1], f.TimeColumn, "frequency", "%d rows that are %s from the first time to the last: at most %d are allowed",
			last+1, step, supervised.MaxRows)
	}
	p.rows = int(last) + 1
	next := 0
	for i := range p.points {
		if i > 0 && p.points[i].stamp.Compare(p.points[i-1].stamp) != 0 {
			next++
		}
		row, _ := floor(values[next]-a.start, step.n)
		p.points[i].at = int(row)
	}
	p.clocks()
	return nil
}

// anchor finds row 0, and whether times say no more than the unit that they are in.
func (a *axis) anchor(times []when.Stamp, values []int64) {
	a.start = values[0]
	for _, v := range values {
		if (v-a.start)%a.n != 0 {
			a.loose = true
		}
	}
	switch {
	case a.base == monthBase && a.kind >= when.Day:
		same, ends := sameDay(times)
		if _, _, a.day = times[0].Date(); !same && ends {
			a.day = 0
		} else if !same {
			a.day, a.loose = 1, true
		}
	case a.base == secondBase:
		for _, s := range times {
			a.loose = a.loose || s.Nanos != 0
		}
	}
	if a.kind == when.Moment && a.base != secondBase && a.base != nanoBase {
		if oneClock(times) {
			a.clock.Value, a.clock.Nanos = int64(times[0].Clock()), times[0].Nanos
		} else {
			a.loose = true
		}
	}
	if a.loose {
		origin := int64(0)
		if a.base == dayBase && a.n%7 == 0 {
			origin = firstMonday
		}
		steps, _ := floor(a.start-origin, a.n)
		a.start = origin + steps*a.n
	}
}

// dense reports whether no step is missing.
func dense(values []int64, n int64) bool {
	for i := 1; i < len(values); i++ {
		if values[i]-values[i-1] > n {
			return false
		}
	}
	return true
}

// rank gives points their rows by counting times.
func (p *placed) rank(times []when.Stamp) {
	p.axis.times, p.rows = times, len(times)
	row := 0
	for i := range p.points {
		if i > 0 && p.points[i].stamp.Compare(p.points[i-1].stamp) != 0 {
			row++
		}
		p.points[i].at = row
	}
	p.clocks()
}

// bridged notes what has no row.
func (p *placed) bridged(values []int64) {
	var absent, longest int64
	for i := 1; i < len(values); i++ {
		d := values[i] - values[i-1] - 1
		absent, longest = absent+max(d, 0), max(longest, d)
	}
	if absent > 0 {
		p.note(0, "%d times that are %s are not in the file, at most %d in a row: rows go on without them", absent, p.axis.frequency, longest)
	}
}

// clocks keeps how far the clocks of the rows are ahead of UTC.
func (p *placed) clocks() {
	offset := p.points[0].stamp.Offset
	for i := range p.points {
		if s := &p.points[i].stamp; s.Offset != offset {
			offset = s.Offset
			p.axis.offsets = append(p.axis.offsets, change{p.points[i].at, offset})
		}
	}
}

// unite leaves points of one row beside each other where the settings say what becomes of them.
func (p *placed) unite(f *Form) error {
	for i := 1; i < len(p.points); i++ {
		a, b := &p.points[i-1], &p.points[i]
		if a.at != b.at {
			continue
		}
		if f.Duplicates == "" || f.Duplicates == Error {
			reason := "stands in line %d already"
			if a.stamp.Compare(b.stamp) != 0 {
				reason = "is in one row with that of line %d, because times are " + p.axis.frequency.String()
			}
			if b.stamp.Kind == when.Moment && !b.stamp.Zoned {
				reason += "; where clocks are set back, times need an offset from UTC"
			}
			return data.Errorf(b.line, f.TimeColumn, "duplicates", "time %s: "+reason, p.write(b.stamp), a.line)
		}
	}
	if f.Duplicates == "" {
		f.Duplicates = Error
	}
	return nil
}
