package data

import (
	"doin.network/node/internal/canon"
)

// Key is one key of a configuration that sets an option.
type Key struct {
	Name string
	// Values say what it may be, Meaning what it says, in Markdown without a full stop.
	Values, Meaning string
	field           func(*Options) any
}

// Field returns where the key's value stands in o: a *string, *int (0: not given) or *[]string (nil: not given).
func (k Key) Field(o *Options) any { return k.field(o) }

// keys are in the order in which the manual explains them.
var keys = []Key{
	{"separator", "`,` `;` `|` `:` `tab` `space` `none`", "what stands between cells: `space` for runs of blanks, `none` for one cell a line",
		func(o *Options) any { return &o.Separator }},
	{"decimal", "`.` `,`", "the mark before the fraction of a number", func(o *Options) any { return &o.Decimal }},
	{"thousands", "`,` `.` `'` `_` `space` `none`", "what stands between groups of three digits", func(o *Options) any { return &o.Thousands }},
	{"encoding", "`utf-8`, `utf-16`, `windows-1252`, `gbk`, …", "how characters are written: a name of the WHATWG's encoding standard",
		func(o *Options) any { return &o.Encoding }},
	{"quote", "`\"` `'` `none`", "the mark around a cell that has separators, line ends or quotes in it; within, it is written twice",
		func(o *Options) any { return &o.Quote }},
	{"comment", "a text, `none`", "what lines begin with that are no rows", func(o *Options) any { return &o.Comment }},
	{"header", "`first` `none`", "whether the first line of the table has the names of the columns; without, they are `column_1`, `column_2`, …",
		func(o *Options) any { return &o.Header }},
	{"first_line", "a number", "the line of the file at which the table begins", func(o *Options) any { return &o.FirstLine }},
	{"skip_lines", "a list as `2` `98-120` `98-`", "lines of the file that are no rows: units, totals, notes below the table; `98-`: all from there on",
		func(o *Options) any { return &o.Skip }},
	{"index_column", "`drop` `keep`", "what becomes of a first column without a name of its own: one that counts from 0 or 1 is dropped", func(o *Options) any { return &o.Index }},
	{"missing_values", "a list of texts", "cells that stand for nothing known, in place of the list below; an empty cell always does",
		func(o *Options) any { return &o.Missing }},
}

// Keys returns the keys of the options, in the order of the manual. The caller must not change them.
func Keys() []Key { return keys }

// Object returns the options by the keys of a configuration, fresh; those that are left open are absent.
func (o *Options) Object() *canon.Object {
	out := canon.NewObject()
	for _, k := range keys {
		switch v := k.field(o).(type) {
		case *string:
			if *v != "" {
				out.Set(k.Name, *v)
			}
		case *int:
			if *v != 0 {
				out.Set(k.Name, *v)
			}
		case *[]string:
			if *v != nil {
				out.Set(k.Name, *v)
			}
		}
	}
	return out
}
