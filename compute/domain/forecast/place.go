package forecast

import (
	"fmt"
	"sort"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/supervised"
)

// point is a place of the file at which a value stands. Its numbers are small: a file has at most 2^30 bytes.
type point struct {
	line int32
	row  int32 // of the grid
	wide int32 // of the columns of a wide table
	at   int32 // row of the axis
}

// instants are points and the times at which they stand; none where rows are counted. They lie apart so that the times are a list of
// their own, without a copy.
type instants struct {
	stamps []when.Stamp
	points []point
}

// add appends a point.
func (s *instants) add(stamp when.Stamp, line, row, wide int) {
	s.stamps = append(s.stamps, stamp)
	s.points = append(s.points, point{line: int32(line), row: int32(row), wide: int32(wide)})
}

// placed are points in the order of their times, each with its row of the axis, of which there are rows.
type placed struct {
	instants
	axis  axis
	rows  int
	notes []data.Note
}

// note adds a note.
func (p *placed) note(line int, format string, args ...any) {
	p.notes = append(p.notes, data.Note{Line: line, Text: fmt.Sprintf(format, args...)})
}

// place puts points on an axis. It says in f what was found.
func place(s instants, layout when.Layout, f *Form) (*placed, error) {
	p := &placed{instants: s, axis: axis{layout: layout}}
	if len(s.points) < 2 {
		return nil, data.Errorf(0, "", "", "%d rows: need more", len(s.points))
	}
	if layout.Name() == "" {
		p.count()
		f.Frequency = p.axis.frequency.String()
		return p, nil
	}
	if err := p.sort(f); err != nil {
		return nil, err
	}
	times := p.times()
	if len(times) < 2 {
		return nil, data.Errorf(int(s.points[0].line), f.TimeColumn, "time_column", "all times are %s", p.write(times[0]))
	}
	step, err := p.step(times, f)
	if err != nil {
		return nil, err
	}
	if f.Gaps == "" && step.base == sessionBase || step.base == rowBase {
		f.Gaps = Bridge
	}
	if err := p.settle(times, step, f); err != nil {
		return nil, err
	}
	f.Frequency = p.axis.frequency.String()
	if err := p.unite(f); err != nil {
		return nil, err
	}
	p.stamps = nil // the axis has them
	return p, nil
}

// count numbers the points where there are no times.
func (p *placed) count() {
	p.axis.frequency = frequency{base: rowBase, n: 1}
	for i := range p.points {
		p.points[i].at = int32(i)
	}
	p.rows = len(p.points)
}

// write returns a time in the form of the file.
func (p *placed) write(s when.Stamp) string { return fmt.Sprintf("%.40q", p.axis.layout.Format(s)) }

// sort puts the points in the order of their times, those of one time in that of the file.
func (p *placed) sort(f *Form) error {
	for i := 1; i < len(p.points); i++ {
		if p.stamps[i].Compare(p.stamps[i-1]) >= 0 {
			continue
		}
		if f.Order == Error {
			return data.Errorf(int(p.points[i].line), f.TimeColumn, "order", "time %s: before the one above it", p.write(p.stamps[i]))
		}
		p.note(int(p.points[i].line), "rows are not in the order of their times from here on: sorted")
		sort.Stable(&p.instants)
		break
	}
	f.Order = Sort
	return nil
}

var _ sort.Interface = (*instants)(nil)

// Len implements sort.Interface.
func (s *instants) Len() int { return len(s.points) }

// Less implements sort.Interface.
func (s *instants) Less(i, j int) bool { return s.stamps[i].Compare(s.stamps[j]) < 0 }

// Swap implements sort.Interface.
func (s *instants) Swap(i, j int) {
	s.stamps[i], s.stamps[j] = s.stamps[j], s.stamps[i]
	s.points[i], s.points[j] = s.points[j], s.points[i]
}

// again reports whether a point has the time of the one before it.
func (s *instants) again(i int) bool { return i > 0 && s.stamps[i].Compare(s.stamps[i-1]) == 0 }

// times returns the times, ascending and each once: those of the points themselves where none is there twice.
func (p *placed) times() []when.Stamp {
	twice := 0
	for i := range p.stamps {
		if p.again(i) {
			twice++
		}
	}
	if twice == 0 {
		return p.stamps
	}
	times := make([]when.Stamp, 0, len(p.stamps)-twice)
	for i, s := range p.stamps {
		if !p.again(i) {
			times = append(times, s)
		}
	}
	return times
}

// line returns the line at which a time stands first, by its place among the times.
func (p *placed) line(time int) int {
	for i := range p.points {
		if p.again(i) {
			continue
		}
		if time == 0 {
			return int(p.points[i].line)
		}
		time--
	}
	return 0
}

// step returns the frequency that f names, or the one found.
func (p *placed) step(times []when.Stamp, f *Form) (frequency, error) {
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
		return step, data.Errorf(p.line(m.row), f.TimeColumn, "frequency", "time %s: %v; say how they step, or gaps %q to count rows",
			p.write(times[m.row]), m, Bridge)
	}
	return step, data.Errorf(0, f.TimeColumn, "frequency", "%v", err)
}

// settle makes the axis of a frequency and gives each point its row.
func (p *placed) settle(times []when.Stamp, step frequency, f *Form) error {
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
			return data.Errorf(p.line(i), f.TimeColumn, "frequency", "time %s: on no axis that is %s", p.write(s), step)
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
	if most := axisRows(len(p.points)); last >= int64(most) {
		return data.Errorf(p.line(len(times)-1), f.TimeColumn, "frequency", "%d rows that are %s from the first time to the last: at most %d are allowed",
			last+1, step, most)
	}
	p.rows = int(last) + 1
	next := 0
	for i := range p.points {
		if i > 0 && !p.again(i) {
			next++
		}
		row, _ := floor(values[next]-a.start, step.n)
		p.points[i].at = int32(row)
	}
	p.clocks()
	return nil
}

// Rows of an axis that the file does not have are made up, each by exact arithmetic: there may be so many, or some for each row of the
// file.
const (
	freeRows = 1 << 17
	moreRows = 16
)

// axisRows bounds the rows from the first time to the last.
func axisRows(points int) int { return min(supervised.MaxRows, max(freeRows, moreRows*points)) }

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
	row := int32(0)
	for i := range p.points {
		if i > 0 && !p.again(i) {
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
	offset := p.stamps[0].Offset
	for i := range p.points {
		if s := &p.stamps[i]; s.Offset != offset {
			offset = s.Offset
			p.axis.offsets = append(p.axis.offsets, change{int(p.points[i].at), offset})
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
			stamp := p.stamps[i]
			if !p.again(i) {
				reason = "is in one row with that of line %d, because times are " + p.axis.frequency.String()
			}
			if stamp.Kind == when.Moment && !stamp.Zoned {
				reason += "; where clocks are set back, times need an offset from UTC"
			}
			return data.Errorf(int(b.line), f.TimeColumn, "duplicates", "time %s: "+reason, p.write(stamp), a.line)
		}
	}
	if f.Duplicates == "" {
		f.Duplicates = Error
	}
	return nil
}
