package forecast

import (
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// What settings of a form may be; "" is the default.
const (
	Error       = "error"       // of order, duplicates and gaps: refuse the file
	Sort        = "sort"        // of order: sort the rows by time; the default
	Mean        = "mean"        // of duplicates: their mean
	Last        = "last"        // of duplicates: the last in the file, of equal times
	Interpolate = "interpolate" // of gaps: a straight line between the neighbours
	Carry       = "carry"       // of gaps: the last known value
	Mask        = "mask"        // of gaps: as interpolate, but nothing is trained or measured on what was filled in
	Bridge      = "bridge"      // of gaps: rows are counted, and what is missing has none
)

// None is the time column of a file without times: rows are counted from 0.
const None = "none"

// Form says where in a table the series is and what becomes of times that do not follow each other. What is empty is found in
// the file.
type Form struct {
	// TimeColumn names the column of the times, or is None; TimeFormat is the name of their form (package when):
	// "time_column", "time_format". Default: the first column of times.
	TimeColumn, TimeFormat string
	// TimeColumns names columns that are one time together, a year, a month and so on, or a date and an hour: "time_columns". Default:
	// columns of such names, where the first of them alone tells no row from the next.
	TimeColumns []string
	// ValueColumn names the column of the values, or is All, for a series in every column of numbers: "value_column". Default: the first
	// column of numbers that is nothing else and does not count rows.
	ValueColumn string
	// Wide names the columns of a table with several values a row, one after the other: "wide_columns". Default: those that
	// are named as the months, quarters or hours are, or as times.
	Wide []string
	// SeriesColumn names the column that tells series apart, Series which of them it is, or All: "series_column", "series".
	SeriesColumn, Series string
	// Frequency is how rows follow each other: "frequency"; see parseFrequency.
	Frequency string
	// Order, Duplicates and Gaps say what becomes of rows that are not in ascending order of their times, of those with one time,
	// and of missing values and rows: "order", "duplicates", "gaps". Defaults: Sort; Error; Bridge of days with weekdays that
	// never occur, Interpolate where no more than every twentieth row is missing, else Error.
	Order, Duplicates, Gaps string
	// Covariates and Known name columns of numbers that networks see beside the values: those of the past, and those that are known
	// of the times to be forecast too: "covariates", "known_covariates".
	Covariates, Known []string
}

// maxParts bounds the columns of one time: year to second.
const maxParts = 6

// MaxCovariates bounds the columns beside the values.
const MaxCovariates = 64

// read reads the settings over those that stand in f.
func (f *Form) read(r *domain.Reader) {
	for _, k := range f.texts() {
		r.Text(k.key, k.to)
	}
	for _, l := range f.lists() {
		r.Names(l.key, l.to, l.most)
	}
}

// texts are the settings that are texts.
func (f *Form) texts() []formText {
	return []formText{
		{"time_column", &f.TimeColumn, nil}, {"time_format", &f.TimeFormat, nil}, {"value_column", &f.ValueColumn, nil},
		{"series_column", &f.SeriesColumn, nil}, {"series", &f.Series, nil}, {"frequency", &f.Frequency, nil},
		{"order", &f.Order, []string{Error, Sort}}, {"duplicates", &f.Duplicates, []string{Error, Mean, Last}},
		{"gaps", &f.Gaps, []string{Error, Interpolate, Carry, Mask, Bridge}},
	}
}

// formText is one of them.
type formText struct {
	key    string
	to     *string
	choice []string // nil: any text
}

// lists are the settings that are lists of names.
func (f *Form) lists() []formList {
	return []formList{{"time_columns", &f.TimeColumns, maxParts}, {"wide_columns", &f.Wide, maxWide}, {"covariates", &f.Covariates, MaxCovariates}, {"known_covariates", &f.Known, MaxCovariates}}
}

// formList is one of them.
type formList struct {
	key  string
	to   *[]string
	most int
}

// check adds every problem of the settings to checks.
func (f *Form) check(checks *domain.Checks) {
	for _, k := range f.texts() {
		checks.That(*k.to == "" || k.choice == nil || slices.Contains(k.choice, *k.to), "%s %.40q: must be one of %q", k.key, *k.to, k.choice)
	}
	if f.Frequency != "" {
		_, err := parseFrequency(f.Frequency)
		checks.That(err == nil, "frequency %.40q: %v", f.Frequency, err)
	}
	checks.That(f.Series != All || f.ValueColumn != All, "series and value_column: %q may be one of them", All)
	checks.That(f.Series == "" || f.SeriesColumn != "", "series: given without series_column")
	checks.That(len(f.TimeColumns) == 0 || f.TimeColumn == "", "time_columns: given beside time_column")
	checks.That(len(f.TimeColumns) != 1, "time_columns: give two or more")
	checks.That(len(f.Wide) != 1, "wide_columns: give two or more")
	checks.That(len(f.Wide) == 0 || f.ValueColumn == "", "wide_columns: given beside value_column")
	seen := map[string]string{}
	name := func(key, column string) {
		if column != "" {
			checks.That(seen[column] == "", "%s: column %.80q is %s already", key, column, seen[column])
			seen[column] = key
		}
	}
	name("time_column", f.TimeColumn)
	name("value_column", f.ValueColumn)
	name("series_column", f.SeriesColumn)
	for _, l := range f.lists() {
		for _, column := range *l.to {
			name(l.key, column)
		}
	}
}

// object adds the settings that are not left open.
func (f *Form) object(o *canon.Object) {
	for _, k := range f.texts() {
		if *k.to != "" {
			o.Set(k.key, *k.to)
		}
	}
	for _, l := range f.lists() {
		if len(*l.to) > 0 {
			o.Set(l.key, *l.to)
		}
	}
}

// keep returns which columns are read; nil: all.
func (f *Form) keep() func(name string) bool {
	if f.TimeColumn == "" && f.TimeColumns == nil || f.ValueColumn == "" || f.ValueColumn == All {
		return nil
	}
	names := slices.Concat([]string{f.TimeColumn, f.ValueColumn, f.SeriesColumn}, f.TimeColumns, f.Covariates, f.Known)
	return func(name string) bool { return slices.Contains(names, name) }
}

// listed is a list of names in a sentence.
func listed(names []string) string {
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%q and %d more", names[:most], len(names)-most)
	}
	return fmt.Sprintf("%q", names)
}
