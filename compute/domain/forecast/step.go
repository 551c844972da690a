package forecast

import (
	"fmt"

	"doin.network/node/compute/data/when"
)

// misfit is the first time that does not step as those before it.
type misfit struct {
	row  int // of the times
	step frequency
}

func (m *misfit) Error() string {
	return fmt.Sprintf("not a whole number of steps after the one before: the times are %s", m.step)
}

// stepOf finds the frequency of two or more times, ascending and distinct: that of which the distances of neighbours are whole
// numbers, and most of them one. Days that are the same of every month, or its last, are months; days of which some weekdays
// never occur are sessions; days of which each is in another month, or week, are those; moments are of which each is in
// another day, hour or minute. Moments at one time of the day are days. Where nothing steps evenly, the error is a *misfit.
func stepOf(times []when.Stamp) (frequency, error) {
	switch times[0].Kind {
	case when.Number:
		return even(times, frequency{base: numberBase, digits: digitsOf(times)})
	case when.Year, when.Quarter, when.Month:
		return even(times, frequency{base: monthBase})
	case when.Week:
		return even(times, frequency{base: dayBase})
	case when.Moment:
		if !oneClock(times) {
			return moments(times)
		}
	}
	return days(times)
}

// moments finds the frequency of moments. Of those that do not step evenly each may be in a minute, hour or day of its own.
func moments(times []when.Stamp) (frequency, error) {
	f := frequency{base: secondBase}
	for _, s := range times {
		if s.Nanos != 0 {
			f.base = nanoBase
		}
	}
	step, err := even(times, f)
	if err == nil {
		return step, nil
	}
	list, _ := stepsOf(times, frequency{base: secondBase})
	for _, n := range [...]int64{secondsPerDay, 3600, 60} {
		if list.within(n/2+1, n+n/2) && distinct(times, n) {
			if n == secondsPerDay {
				return frequency{base: dayBase, n: 1}, nil
			}
			return frequency{base: secondBase, n: n}, nil
		}
	}
	return step, err
}

// distinct reports whether ascending moments lie each in another whole n seconds, of the clock, than the one before.
func distinct(times []when.Stamp, n int64) bool {
	before, _ := floor(times[0].Value+int64(times[0].Offset), n)
	for _, s := range times[1:] {
		at, _ := floor(s.Value+int64(s.Offset), n)
		if at == before {
			return false
		}
		before = at
	}
	return true
}

// digitsOf is the number of decimals of numbers.
func digitsOf(times []when.Stamp) (digits int) {
	for _, s := range times {
		for digits < maxDigits && int64(s.Nanos)%powers[maxDigits-digits] != 0 {
			digits++
		}
	}
	return digits
}

// oneClock reports whether moments are all at one time of the day.
func oneClock(times []when.Stamp) bool {
	first := times[0]
	for _, s := range times {
		if s.Clock() != first.Clock() || s.Nanos != first.Nanos {
			return false
		}
	}
	return true
}

// steps are the distances of neighbours, in units of a base.
type steps []int64

// stepsOf returns the distances; ok is false where the base does not say them.
func stepsOf(times []when.Stamp, f frequency) (out steps, ok bool) {
	out = make(steps, 0, len(times)-1)
	before, ok := at(times[0], f)
	for _, s := range times[1:] {
		v, fits := at(s, f)
		out, before, ok = append(out, v-before), v, ok && fits
	}
	return out, ok
}

// usual returns the most frequent distance, the smaller of equals.
func (s steps) usual() int64 {
	count := map[int64]int{}
	best := s[0]
	for _, d := range s {
		count[d]++
	}
	for d, n := range count {
		if n > count[best] || n == count[best] && d < best {
			best = d
		}
	}
	return best
}

// odd returns the first distance that is no multiple of n > 0; −1: all are.
func (s steps) odd(n int64) int {
	for i, d := range s {
		if n <= 0 || d%n != 0 {
			return i
		}
	}
	return -1
}

// within reports whether all distances are in [low, high].
func (s steps) within(low, high int64) bool {
	for _, d := range s {
		if d < low || d > high {
			return false
		}
	}
	return true
}

// even finds the step in units of one base: the usual distance or, if that leaves no more than every second row empty, the largest
// that divides all.
func even(times []when.Stamp, f frequency) (frequency, error) {
	list, ok := stepsOf(times, f)
	if !ok {
		return f, fmt.Errorf("times from %v to %v: too far apart", times[0].Value, times[len(times)-1].Value)
	}
	f.n = list.usual()
	row := list.odd(f.n)
	if row < 0 {
		return f, nil
	}
	var divisor, sum int64
	for _, d := range list {
		sum += d
		for d != 0 {
			divisor, d = d, divisor%d
		}
	}
	if divisor > 0 && sum/divisor < 2*int64(len(times)) {
		f.n = divisor
		return f, nil
	}
	return f, &misfit{row + 1, f}
}

// days finds the frequency of times that are days.
func days(times []when.Stamp) (frequency, error) {
	if same, ends := sameDay(times); same || ends {
		return even(times, frequency{base: monthBase})
	}
	f, err := even(times, frequency{base: dayBase})
	if err != nil || f.n == 1 {
		if w, ok := weekOf(times); ok {
			return frequency{base: sessionBase, n: 1, week: w}, nil
		}
	}
	if err == nil {
		return f, nil
	}
	list, _ := stepsOf(times, frequency{base: dayBase})
	months, _ := stepsOf(times, frequency{base: monthBase})
	if m := months.usual(); list.within(20, 1<<40) && months.odd(m) < 0 {
		return frequency{base: monthBase, n: m}, nil
	}
	if list.within(4, 10) && eachOwnWeek(times) {
		return frequency{base: dayBase, n: 7}, nil
	}
	return f, err
}

// sameDay reports whether days are all the same day of a month, and whether all are the last of theirs.
func sameDay(times []when.Stamp) (same, ends bool) {
	same, ends = true, true
	_, _, first := times[0].Date()
	for _, s := range times {
		year, month, day := when.Date(civil(s))
		same, ends = same && day == first, ends && day == when.DaysIn(year, month)
	}
	return same, ends
}

// eachOwnWeek reports whether ascending days lie each in another week than the one before.
func eachOwnWeek(times []when.Stamp) bool {
	week, _ := floor(civil(times[0])-firstMonday, 7)
	for _, s := range times[1:] {
		before := week
		if week, _ = floor(civil(s)-firstMonday, 7); week == before {
			return false
		}
	}
	return true
}

// weekOf finds the weekdays of days: at most six, each at least twice, and three of four of the days between that are of them.
func weekOf(times []when.Stamp) (w week, ok bool) {
	var count [8]int
	for _, s := range times {
		count[when.Weekday(civil(s))]++
	}
	for i := range weekdayNames {
		if count[i+1] == 1 {
			return 0, false
		}
		if count[i+1] > 0 {
			w |= 1 << i
		}
	}
	if w.len() < 2 || w.len() > 6 {
		return 0, false
	}
	rows := w.before(civil(times[len(times)-1])) - w.before(civil(times[0])) + 1
	return w, 4*int64(len(times)) >= 3*rows
}
