package inspect

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/domain/tabular"
	"doin.network/node/internal/canon"
)

// Options say what of the choice is made already. The zero value is good.
type Options struct {
	// Task is TaskForecast or a task of tabular; empty: chosen.
	Task string
	// Target names the column that is to be predicted; empty: chosen.
	Target string
	// Settings are members of the configuration that are to stand in it; nil: none.
	Settings *canon.Object
	// Others are the keys of settings that belong to somebody else, the search for one.
	Others []string
	// Progress hears of the reading; see data.Options.
	Progress func(done, total int64)
}

// TaskForecast is the task of files with a column of times that steps.
const TaskForecast = "forecast"

// Tasks returns the tasks.
func Tasks() []string {
	return []string{TaskForecast, string(tabular.Classification), string(tabular.Regression)}
}

// Report is what a file is. Its parts are read only.
type Report struct {
	Path string
	Rows int
	// Reading is how the file was read: the settings in force of the text, compression and form.
	Reading data.Reading
	// Task and Plugin are what was chosen, Config the configuration of the plugin, with which Description is what the domain says.
	Task, Plugin string
	Config       *canon.Object
	Description  domain.Description
	// Notes are sentences about the file and the choice; those of the domain come after the others.
	Notes []string

	columns []*column
	series  *forecast.Survey // of a forecast
}

// File inspects a file. Errors are those of reading it, and of the domain that was chosen: it refuses the file with a sentence. Then the
// report has what was understood, and no plugin; of a file that cannot be read it is nil.
func File(path string, o Options) (*Report, error) {
	if o.Task != "" && !slices.Contains(Tasks(), o.Task) {
		return nil, fmt.Errorf("task %.40q: must be one of %q", o.Task, Tasks())
	}
	if o.Settings == nil {
		o.Settings = canon.NewObject()
	}
	g, format, err := read(path, &o)
	if err != nil {
		return nil, err
	}
	r := &Report{Path: path, Rows: g.Rows(), Reading: g.Reading(), columns: columns(g, format)}
	for _, n := range r.Reading.Notes {
		r.Notes = append(r.Notes, n.String())
	}
	err = r.choose(g, &o)
	for _, c := range r.columns {
		if note := c.note(); note != "" && c.role != roleTime {
			r.Notes = append(r.Notes, fmt.Sprintf("column %.80q: %s", c.name, note))
		}
	}
	r.Notes = append(r.Notes, r.Description.Notes...)
	r.Notes = unique(r.Notes)
	return r, err
}

// read reads a file and finds the format of its numbers.
func read(path string, o *Options) (*data.Grid, number.Format, error) {
	var c supervised.Config
	reader := domain.NewReader(o.Settings)
	c.Read(reader)
	if err := reader.Err(slices.Concat(forecast.Keys(), tabular.Keys(), o.Others)...); err != nil {
		return nil, number.Format{}, err
	}
	c.Options.Progress = o.Progress
	g, err := data.Read(path, c.Options, nil)
	if err == nil && g.Rows() == 0 {
		err = data.Errorf(0, "", "header", "no row below the names of the columns")
	}
	if err != nil {
		if errors.Is(err, data.ErrData) {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return nil, number.Format{}, err
	}
	d, err := number.NewDetector(c.Options.Decimal, c.Options.Thousands)
	if err != nil {
		return nil, number.Format{}, err
	}
	for i := range g.Columns() {
		for line, cell := range present(g, g.Column(i)) {
			d.Add(line, cell)
		}
	}
	f, err := d.Format()
	if err != nil { // the domain says so, if it is about one of its columns
		f = number.Format{}
	}
	return g, f, nil
}

// choose chooses and opens the domain: a series where there is one, unless its settings are those of a table. A series that is
// refused is a table, if it has more than times and values and nothing of the refusal is for the user alone to say.
func (r *Report) choose(g *data.Grid, o *Options) error {
	if o.Task == "" {
		o.Task = o.taskOfSettings()
	}
	var refusal error
	if o.Task == TaskForecast || o.Task == "" && r.mayBeSeries() {
		refusal = r.openForecast(o)
		if refusal == nil || o.Task != "" || len(r.columns) <= 2 || ambiguous(refusal) {
			return refusal
		}
	}
	if err := r.openTabular(g, o); err != nil {
		if refusal != nil { // it looked like one at first
			return refusal
		}
		var e *data.Error
		if o.Task == "" && errors.As(r.openForecast(o), &e) && e.Option == when.Option { // a series, but for the form of its times
			return e
		}
		return err
	}
	if refusal != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("no series to forecast (--task %s): %v", TaskForecast, refusal))
	}
	return nil
}

// open opens the domain of a configuration.
func (r *Report) open(plugin, task string, config *canon.Object, o *Options) error {
	d, err := open.New(plugin, config, o.Others...)
	if err != nil {
		return err
	}
	r.Plugin, r.Task, r.Config, r.Description = plugin, task, config, d.Describe()
	if s, ok := d.(*supervised.Domain); ok {
		r.series, _ = forecast.SurveyOf(s)
	}
	return nil
}

// settings adds the members that were given to a configuration, over those that stand in it.
func (o *Options) settings(config *canon.Object) *canon.Object {
	for key, value := range o.Settings.All() {
		config.Set(key, value)
	}
	return config
}
