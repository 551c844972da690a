package inspect

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/tabular"
	"doin.network/node/internal/canon"
)

// ambiguous reports whether an error says that a setting is missing which only the user knows.
func ambiguous(err error) bool {
	return errors.Is(err, when.ErrAmbiguous) || errors.Is(err, number.ErrAmbiguous)
}

// mayBeSeries reports whether the file may hold a series: it has a column of times, or of what should be some, or nothing but one
// of numbers.
func (r *Report) mayBeSeries() bool {
	for _, c := range r.columns {
		if c.timed() {
			return true
		}
	}
	return len(r.columns) == 1 && r.columns[0].kind == kindNumber || r.timedNames()
}

// timedNames reports whether the columns, three at least, but for a few at the beginning, are named by times: a row has the values of
// a series.
func (r *Report) timedNames() bool {
	const least, before = 3, 8
	for from := range min(before, max(0, len(r.columns)-least+1)) {
		l, err := when.Detect(func(yield func(int, string) bool) {
			for i, c := range r.columns[from:] {
				if !yield(i, c.name) {
					return
				}
			}
		})
		if err == nil && l.Kind() > when.Number || errors.Is(err, when.ErrAmbiguous) {
			return true
		}
	}
	return false
}

// taskOfSettings returns the task that the settings are for: TaskForecast where one is a setting of it alone, else what they say.
func (o *Options) taskOfSettings() string {
	task, _ := o.Settings.StringOr("task", "")
	others := tabular.Keys()
	for _, key := range forecast.Keys() {
		if o.Settings.Has(key) && !slices.Contains(others, key) {
			return TaskForecast
		}
	}
	return task
}

// targetNames are what columns that are to be predicted are called, in lower case.
var targetNames = []string{"target", "y", "label", "class", "outcome"}

// openForecast opens the file as a series: the settings given, and the column of the target. Where times stand in it more than once, it
// is opened as several series, if a column tells them apart.
func (r *Report) openForecast(o *Options) error {
	config := canon.NewObject("data", r.Path)
	if o.Target != "" {
		config.Set("value_column", o.Target)
	}
	err := r.open(forecast.Plugin, TaskForecast, o.settings(config), o)
	var e *data.Error
	if errors.As(err, &e) && e.Option == "duplicates" && !config.Has("duplicates") && !config.Has("series_column") {
		if r.openSeveral(config, r.tellers(e.Column), o) {
			err = nil
		}
	}
	if errors.As(err, &e) && e.Option == "series_column" && !config.Has("series_column") && r.openSeveral(config, r.rowNames(), o) {
		err = nil
	}
	if err != nil {
		return err
	}
	r.adopt("time_column", "time_columns", "time_format", "value_column", "series_column", "series", "frequency", "gaps", "horizon")
	r.assign(roleInput, "", "known_covariates", "covariates")
	r.assign(roleTime, kindTime, "time_column", "time_columns")
	r.assign(roleValue, "", "value_column", "wide_columns")
	r.assign(roleSeries, "", "series_column")
	return nil
}

// openSeveral opens the file as several series, of the first of columns that tells them apart; false where none does. The values are those that
// the domain takes, or else of the last column of numbers.
func (r *Report) openSeveral(config *canon.Object, tellers []*column, o *Options) bool {
	for _, c := range tellers {
		several := config.Clone().Set("series_column", c.name).Set("series", forecast.All)
		ok := r.open(forecast.Plugin, TaskForecast, several, o) == nil
		for _, v := range slices.Backward(r.columns) {
			if !ok && v.kind == kindNumber && v != c && !several.Has("value_column") {
				ok = r.open(forecast.Plugin, TaskForecast, several.Set("value_column", v.name), o) == nil
			}
		}
		if ok {
			r.Notes = append(r.Notes, fmt.Sprintf("column %.80q tells %d series apart, and one model learns all: series names one of them, --set series=NAME",
				c.name, c.distinct))
			return true
		}
	}
	return false
}

// Bounds of what tellers tries.
const (
	maxTellers = 3
	fewRows    = 20 // of a series, at least
)

// tellers are columns that may tell series apart: texts or whole numbers, few and often, texts first.
func (r *Report) tellers(time string) (list []*column) {
	may := func(c *column) bool {
		return c.name != time && c.missing == 0 && 1 < c.distinct && c.distinct <= forecast.MaxSeries && c.distinct*fewRows <= r.Rows
	}
	for _, c := range r.columns {
		if may(c) && (c.kind == kindText || c.kind == kindBoolean) {
			list = append(list, c)
		}
	}
	for _, c := range r.columns {
		if may(c) && c.kind == kindNumber && !slices.ContainsFunc(c.numbers, func(v float64) bool { return v != math.Trunc(v) }) {
			list = append(list, c)
		}
	}
	return list[:min(len(list), maxTellers)]
}

// openTabular opens the file as a table of rows that have nothing to do with each other.
func (r *Report) openTabular(g *data.Grid, o *Options) error {
	target := r.target(o)
	if target == nil {
		return fmt.Errorf("%s: %w: no column to predict: each is empty or has one value", r.Path, data.ErrData)
	}
	task := o.Task
	if task == "" {
		task = string(tabular.Suggest(g, target.name))
	}
	config := canon.NewObject("data", r.Path, "task", task, "target_column", target.name)
	if err := r.open(tabular.Plugin, task, o.settings(config), o); err != nil {
		return err
	}
	r.assign(roleInput, kindNumber, "numeric_columns")
	r.assign(roleInput, kindText, "categorical_columns")
	r.assign(roleInput, kindBoolean, "boolean_columns")
	r.assign(roleInput, kindTime, "date_columns")
	r.assign(roleIgnored, "", "ignored_columns")
	r.assign(roleSplit, "", "split_column")
	r.assign(roleTarget, "", "target_column")
	return nil
}

// assign gives the columns that settings in force name their role and, unless it is empty, their kind: what the domain made of them.
func (r *Report) assign(role, kind string, keys ...string) {
	for _, key := range keys {
		v, _ := r.Description.Defaults.Get(key)
		for _, c := range r.columns {
			if !names(v, c.name) {
				continue
			}
			if c.role = role; kind != "" {
				c.kind = kind
			}
		}
	}
}

// names reports whether a setting is a name, or has it in its list or its object.
func names(setting any, name string) bool {
	switch v := setting.(type) {
	case string:
		return v == name
	case []any:
		return slices.Contains(v, any(name))
	case *canon.Object:
		return v.Has(name)
	}
	return false
}

// target chooses the column to predict: what is named, what is called like one, else the last that may be one.
func (r *Report) target(o *Options) *column {
	name := o.Target
	if name == "" {
		name, _ = o.Settings.StringOr("target_column", "")
	}
	may := func(c *column) bool { return c.kind != kindEmpty && c.kind != kindConstant }
	if name != "" {
		if i := slices.IndexFunc(r.columns, func(c *column) bool { return c.name == name }); i >= 0 {
			return r.columns[i]
		}
		return &column{name: name, kind: kindText} // the domain says that there is none
	}
	for _, c := range r.columns {
		if may(c) && slices.Contains(targetNames, strings.ToLower(c.name)) {
			return c
		}
	}
	for _, c := range slices.Backward(r.columns) {
		if may(c) {
			r.Notes = append(r.Notes, fmt.Sprintf("target_column is the last column, %.80q: name another by --target", c.name))
			return c
		}
	}
	return nil
}

// adopt takes settings that the domain found into the configuration, where they do not stand in it.
func (r *Report) adopt(keys ...string) {
	for _, key := range keys {
		if v, ok := r.Description.Defaults.Get(key); ok && !r.Config.Has(key) && v != "" && v != forecast.Error {
			r.Config.Set(key, v)
		}
	}
}

// rowNames are columns of texts that are another one in every row: in a table whose columns are times they name its series.
func (r *Report) rowNames() (list []*column) {
	for _, c := range r.columns {
		if c.kind == kindText && c.missing == 0 && c.distinct == r.Rows && r.Rows <= forecast.MaxSeries {
			list = append(list, c)
		}
	}
	return list[:min(len(list), maxTellers)]
}

// unique returns the texts without those that were there before.
func unique(list []string) (out []string) {
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
