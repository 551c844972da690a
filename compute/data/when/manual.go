package when

// Directive is an element of a name, or a name of its own, and what it stands for.
type Directive struct{ Name, Means string }

// Directives returns what the names of layouts consist of, fresh: what a manual lists.
func Directives() []Directive {
	return []Directive{
		{"%Y", "year of four digits"},
		{"%y", "year of two digits: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068 (POSIX)"},
		{"%+Y %+y", "the year after %Y or %y, which must stand before it: `%Y/%+y` is 2020/21"},
		{"%m", "month, 01 to 12"},
		{"%d", "day of the month, 01 to 31"},
		{"%j", "day of the year, three digits"},
		{"%b %B", "English name of the month, short or long; either is read, in any case; `%^b` and `%^B` are written in capitals"},
		{"%a %A", "English name of the day of the week, which must be that of the date"},
		{"%q", "quarter, 1 to 4"},
		{"%G %V %u", "year, week (01 to 53) and day of the week (1 is Monday) of ISO 8601"},
		{"%H", "hour, 00 to 23"},
		{"%I %p %P", "hour of twelve; AM or PM; am or pm"},
		{"%M %S", "minute, second"},
		{"%3S", "second with a fraction of three digits (1 to 9), which a cell may lack"},
		{"%z %:z %-z", "offset from UTC: +0100, +01:00, +01; Z is read too"},
		{"%-m %-d %-H %-I", "the number without leading zeros; both are read"},
		{"%%", "a percent sign; other characters stand for themselves"},
		{"number", "an integer or decimal number that counts; `number.2` is written with two decimals"},
		{"epoch-s epoch-ms epoch-us epoch-ns", "seconds, ms, µs, ns since 1970-01-01 UTC"},
		{"excel-1900 excel-1904", "serial dates of spreadsheets, days of which 61 is 1900-03-01, or 0 is 1904-01-01; `excel-1900.5` has times of day in five decimals, read to the second"},
		{"year/4 year/12", "decimal years by quarters (1990.25) and months (1990.083)"},
	}
}
