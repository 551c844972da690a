// Package when reads times as people write them, and writes them back in the same form.
//
// [Detect] looks at every cell of a column and finds its one [Layout]: the form in which all of them are written. A layout has a
// name, by which [ByName] finds it again, so that who binds the name binds the reading. [Layout.Parse] gives a [Stamp], an
// integer in the unit of its [Kind]; [Layout.Format] is the inverse.
//
// Names are formats as strftime of C and Python has them: "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S%:z". [Directives] lists what may stand in
// them.
//
// A number has leading zeros, unless a "-" stands before its letter; both are read. Other characters stand for themselves,
// letters in any case. A layout that ends in "Z", " UTC" or " GMT" after a time of day is at offset 0.
// Names beside them: "number", an integer or decimal number that counts whatever it counts; "epoch-s", "epoch-ms", "epoch-us"
// and "epoch-ns", time since 1970-01-01 UTC; "year/4" "excel-1900" and "excel-1904", serial dates of spreadsheets, moments where decimals are named; "year/4" and "year/12", decimal
// years by quarters (1990.25) and months (1990.083). ".N" after number, epoch-… and excel-… says how many decimals are written.
//
// Everything is integers: the proleptic Gregorian calendar from year 1 to 9999, days of 86 400 seconds. Absent: zones by name,
// leap seconds, hour 24, names in other languages, seasons; each is refused with a sentence. A fiscal year is the one of the calendar
// that its name begins with: nothing depends on the month in which it begins.
package when
