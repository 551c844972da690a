package when

// Kind is what a stamp counts.
type Kind uint8

// Kinds of stamps.
const (
	Number  Kind = iota + 1 // whatever the file counts
	Year                    // years of the calendar
	Quarter                 // quarters since the first of year 0
	Month                   // months since the first of year 0
	Week                    // weeks since that of 1970-01-05, a Monday
	Day                     // days since 1970-01-01
	Moment                  // seconds since 1970-01-01 00:00 UTC, or of an unnamed zone
)

var kinds = [...]string{Number: "number", Year: "year", Quarter: "quarter", Month: "month", Week: "week", Day: "day", Moment: "moment"}

// String returns the kind's name.
func (k Kind) String() string {
	if int(k) < len(kinds) && k > 0 {
		return kinds[k]
	}
	return "none"
}

// Stamp is a time.
type Stamp struct {
	Value int64 // in units of the kind, rounded down
	// Nanos are billionths of a unit beyond Value, in [0, 1e9): of a second of a Moment, of 1 of a Number. Else 0.
	Nanos int32
	// Offset is what the clock that was read is ahead of UTC, in seconds; Zoned says that the cell told it. A Day with an offset
	// is a day of that clock.
	Offset int32
	Kind   Kind
	Zoned  bool
	// DayOfMonth, of a Day, is that of the calendar; End says that it is the last of its month.
	DayOfMonth int8
	End        bool
}

// Date returns the day of the calendar on which a stamp begins, on the clock that was read. A number has none: 0, 0, 0.
func (s Stamp) Date() (year, month, day int) {
	switch s.Kind {
	case Year:
		return int(s.Value), 1, 1
	case Quarter:
		return int(floorDiv(s.Value, 4)), int(floorMod(s.Value, 4))*3 + 1, 1
	case Month:
		return int(floorDiv(s.Value, 12)), int(floorMod(s.Value, 12)) + 1, 1
	case Week:
		return Date(s.Value*7 + firstMonday)
	case Day:
		return Date(s.Value)
	case Moment:
		return Date(floorDiv(s.Value+int64(s.Offset), secondsPerDay))
	}
	return 0, 0, 0
}

// Clock returns the seconds since midnight of a moment, in [0, 86400), on the clock that was read; 0 of other kinds.
func (s Stamp) Clock() int {
	if s.Kind != Moment {
		return 0
	}
	return int(floorMod(s.Value+int64(s.Offset), secondsPerDay))
}

// Compare returns −1, 0 or 1 as s lies before, at or after o, which has the same kind.
func (s Stamp) Compare(o Stamp) int {
	switch {
	case s.Value < o.Value || s.Value == o.Value && s.Nanos < o.Nanos:
		return -1
	case s.Value == o.Value && s.Nanos == o.Nanos:
		return 0
	}
	return 1
}

const (
	secondsPerDay = 24 * 60 * 60
	firstMonday   = 4 // 1970-01-05, as a day since 1970-01-01
)

// Days returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar.
func Days(year, month, day int) int64 {
	// Years begin in March, so that the leap day is the last; a cycle of 400 of them has 146 097 days.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	inYear := (153*(m-3)+2)/5 + int64(day) - 1
	return y*365 + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, 400) + inYear - 719468
}

// Date is the inverse of Days.
func Date(days int64) (year, month, day int) {
	days += 719468
	cycle, in := floorDiv(days, 146097), floorMod(days, 146097)
	y := (in - in/1460 + in/36524 - in/146096) / 365
	rest := in - (365*y + y/4 - y/100)
	m := (5*rest + 2) / 153
	day = int(rest-(153*m+2)/5) + 1
	if m += 3; m > 12 {
		m -= 12
		y++
	}
	return int(cycle*400 + y), int(m), day
}

// DaysIn returns the number of days of a month.
func DaysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// Weekday returns the day of the week of a day since 1970-01-01: 1 is Monday, 7 is Sunday.
func Weekday(days int64) int { return int(floorMod(days-firstMonday, 7)) + 1 }

// ISOWeek returns the year and the week of ISO 8601 in which a day since 1970-01-01 lies.
func ISOWeek(days int64) (year, week int) {
	thursday := days - int64(Weekday(days)) + 4
	year, _, _ = Date(thursday)
	return year, int(thursday-Days(year, 1, 1))/7 + 1
}

// weekDay returns the day since 1970-01-01 on which a week of ISO 8601 begins, false where the year has no such week.
func weekDay(year, week int) (int64, bool) {
	fourth := Days(year, 1, 4) // always of week 1
	at := fourth - int64(Weekday(fourth)) + 1 + int64(week-1)*7
	y, w := ISOWeek(at)
	return at, y == year && w == week
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
