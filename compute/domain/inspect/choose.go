package inspect

import (
	"errors"
	"fmt"
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

// timedNames reports whether the last columns, three at least, are named by times: one row has the values of a series.
func (r *Report) timedNames() bool {
	const few = 3
	if len(r.columns) < few {
		return false
	}
	l, err := when.Detect(func(yield func(int, string) bool) {
		for i, c := range r.columns[len(r.columns)-few:] {
			if !yield(i, c.name) {
				return
			}
		}
	})
	return err == nil && l.Kind() > when.Number
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

// openForecast opens the file as a series: the settings given, and the column of the target.
func (r *Report) openForecast(o *Options) error {
	config := canon.NewObject("data", r.Path)
	if o.Target != "" {
		config.Set("value_column", o.Target)
	}
	if err := r.open(forecast.Plugin, TaskForecast, o.settings(config)); err != nil {
		return err
	}
	r.adopt("time_column", "time_format", "value_column", "series_column", "series", "frequency", "gaps", "horizon")
	r.assign(roleInput, "", "known_covariates", "covariates")
	r.assign(roleTime, kindTime, "time_column")
	r.assign(roleValue, "", "value_column", "wide_columns")
	r.assign(roleSeries, "", "series_column")
	return nil
}

// openTabular opens the file as a table of rows that have nothing to do with each other.
func (r *Report) openTabular(g *data.Grid, o *Options) error {
	target := r.target(o)
	if target == nil {
		return fmt.Errorf("%.80q: no column to predict: name one by --target", r.Path)
	}
	task := o.Task
	if task == "" {
		task = string(tabular.Suggest(g, target.name))
	}
	config := canon.NewObject("data", r.Path, "task", task, "target_column", target.name)
	if err := r.open(tabular.Plugin, task, o.settings(config)); err != nil {
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

// unique returns the texts without those that were there before.
func unique(list []string) (out []string) {
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
