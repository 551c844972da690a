package inspect

import (
	"fmt"
	"slices"
	"strings"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// Object returns the report on an opened domain as JSON has it, fresh: "file", "rows", "columns" (name, kind, role in the domain, missing, distinct, first,
// and low and high of numbers or format of times), "reading", "task", "plugin", "series" of a forecast, "folds", "cases", "data_hash", "baselines",
// "settings" in force, "notes", "config", the configuration of the plugin, and "input", a request that it answers.
func (r *Report) Object() *canon.Object {
	var list []any
	for _, c := range r.columns {
		list = append(list, c.object())
	}
	reading := r.Reading.Object().Set("form", r.Reading.Form)
	if r.Reading.Compression != "" {
		reading.Set("compression", r.Reading.Compression)
	}
	d := &r.Description
	o := canon.NewObject("file", r.Path, "rows", r.Rows, "columns", list, "reading", reading, "task", r.Task, "plugin", r.Plugin)
	if r.series != nil {
		o.Set("series", r.series.Object())
	}
	return o.Set("folds", d.Folds).Set("cases", d.Cases).Set("data_hash", d.DataHash).Set("metric", d.PerformanceMetric).
		Set("baselines", d.Baselines.Clone()).Set("settings", d.Defaults.Clone()).Set("notes", append([]string{}, r.Notes...)).
		Set("config", r.Config.Clone()).Set("input", r.input())
}

// input is a request for an inference that the domain answers: the next value of a series, or the first row of a table.
func (r *Report) input() *canon.Object {
	if r.Task == TaskForecast {
		o := canon.NewObject("steps", 1)
		if r.series != nil && r.series.Series > 1 {
			o.Set("series_name", r.firstSeries())
		}
		return o
	}
	row := canon.NewObject()
	for _, c := range r.columns {
		if c.role == roleInput && c.first != "" {
			row.Set(c.name, c.first)
		}
	}
	return canon.NewObject("rows", []any{row})
}

// firstSeries is the name of the series that the file begins with: a cell of the column that tells them apart or, where each has a column
// of its own, the name of that.
func (r *Report) firstSeries() string {
	name := ""
	for _, c := range slices.Backward(r.columns) {
		switch c.role {
		case roleSeries:
			return c.first
		case roleValue:
			name = c.name
		}
	}
	return name
}

// object returns a column as JSON has it.
func (c *column) object() *canon.Object {
	o := canon.NewObject("name", c.name, "kind", c.kind, "missing", c.missing, "distinct", c.distinct)
	if c.role != "" {
		o.Set("role", c.role)
	}
	if c.first != "" {
		o.Set("first", clip(c.first))
	}
	switch {
	case c.kind == kindNumber && len(c.numbers) > 0:
		o.Set("low", slices.Min(c.numbers)).Set("high", slices.Max(c.numbers))
	case c.kind == kindTime && c.layout.Kind() != 0:
		o.Set("format", c.layout.Name())
	}
	return o
}

// Text returns the report as a page for people.
func (r *Report) Text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %s, %s", r.Path, counted(r.Rows, "row", "rows"), counted(len(r.columns), "column", "columns"))
	line("  read as  %s", r.readAs())
	line("")
	r.writeColumns(&b)
	r.writeDomain(&b)
	if len(r.Notes) > 0 {
		line("")
		for _, n := range r.Notes {
			line("note: %s", n)
		}
	}
	if r.Plugin != "" {
		line("")
		line("optimization_config: %s", canon.AppendIndent(nil, r.Config))
	}
	return b.String()
}

// writeDomain writes what the domain says.
func (r *Report) writeDomain(b *strings.Builder) {
	if r.Plugin == "" {
		return
	}
	line := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	line("")
	line("%s by the plugin %s", r.Task, r.Plugin)
	if r.series != nil {
		for _, s := range r.series.Lines() {
			line("  %s", s)
		}
	}
	line("  %s, %s; data %.16s…", counted(r.Description.Folds, "fold", "folds"), counted(r.Description.Cases, "validation case", "validation cases"), r.Description.DataHash)
	for _, s := range r.baselines() {
		line("  baseline  %s", s)
	}
}

// readAs says how the text was read.
func (r *Report) readAs() string {
	parts := []string{r.Reading.Form}
	if r.Reading.Compression != "" {
		parts = append(parts, r.Reading.Compression)
	}
	for key, v := range r.Reading.Object().All() {
		if s, ok := v.(string); ok && s != "none" {
			parts = append(parts, fmt.Sprintf("%s %q", key, s))
		}
	}
	return strings.Join(parts, ", ")
}

// maxShown bounds the columns on the page.
const maxShown = 40

// writeColumns writes the columns as a table.
func (r *Report) writeColumns(b *strings.Builder) {
	wide := len("column")
	for _, c := range r.columns {
		wide = max(wide, min(len([]rune(c.name)), 40))
	}
	fmt.Fprintf(b, "  %-*s  %-8s  %-7s  %8s  %8s  %s\n", wide, "column", "kind", "role", "missing", "distinct", "values")
	for i, c := range r.columns {
		if i == maxShown {
			fmt.Fprintf(b, "  … and %s more\n", counted(len(r.columns)-i, "column", "columns"))
			return
		}
		distinct := fmt.Sprint(c.distinct)
		if c.distinct == maxDistinct {
			distinct += "+"
		}
		fmt.Fprintf(b, "  %-*s  %-8s  %-7s  %8d  %8s  %s\n", wide, clip(c.name), c.kind, c.role, c.missing, distinct, c.values())
	}
}

// values says what is in a column.
func (c *column) values() string {
	switch {
	case c.kind == kindEmpty:
		return ""
	case c.kind == kindConstant:
		return clip(c.first)
	case c.kind == kindNumber && len(c.numbers) > 0:
		return fmt.Sprintf("%.9g to %.9g", slices.Min(c.numbers), slices.Max(c.numbers))
	case c.kind == kindTime && c.layout.Kind() != 0:
		return clip(c.first) + " … as " + c.layout.Name()
	}
	return clip(c.first) + " …"
}

// baselines are the validation and test errors of the naive models, those measured on both.
func (r *Report) baselines() (out []string) {
	part := supervised.Parts[1] + "_"
	for key, v := range r.Description.Baselines.All() {
		name, ok := strings.CutPrefix(key, part)
		if !ok {
			continue
		}
		s := fmt.Sprintf("%-32s validation %.6g", name, v)
		if t, ok := r.Description.Baselines.Get(supervised.Parts[2] + "_" + name); ok {
			s += fmt.Sprintf(", test %.6g", t)
		}
		out = append(out, s)
	}
	return out
}

// clip bounds a text on the page.
func clip(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		return string(runes[:39]) + "…"
	}
	return s
}
