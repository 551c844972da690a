package tabular

import (
	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
)

// Key is a key of the domain's configuration beside those of data.Keys and of every domain that trains networks.
type Key struct {
	Name string
	// Values say what it may be, Default what it is where nothing is said, Meaning what it says, in Markdown without
	// a full stop.
	Values, Default, Meaning string
	read                     func(r *domain.Reader, key string, c *Config)
}

// keys are in the order in which the manual explains them; "task" is read before them.
var keys = []Key{
	{"task", "`classification` `regression`", "`classification`", "whether the target names a class or holds a number", func(*domain.Reader, string, *Config) {}},
	{"target_column", "a name", "the last column", "the column that is predicted; rows without it are left out",
		func(r *domain.Reader, key string, c *Config) { r.Text(key, &c.Target) }},
	{"numeric_columns", "a list of names", "by the cells", "columns of numbers", names(func(c *Config) *[]string { return &c.Numeric })},
	{"categorical_columns", "a list of names", "by the cells", "columns of names of categories, numbers for one", names(func(c *Config) *[]string { return &c.Categorical })},
	{"boolean_columns", "a list of names", "by the cells", "columns of words of one pair: true/false, yes/no, t/f, y/n, on/off",
		names(func(c *Config) *[]string { return &c.Boolean })},
	{"date_columns", "a list of names, or an object from names to forms", "by the cells", "columns of dates, with the form that each has; the forms are those of `time_format`",
		func(r *domain.Reader, key string, c *Config) { readDates(r, key, &c.Dates) }},
	{"time_format", "a form like `%d/%m/%Y`", "by the cells", "the form of the dates of columns for which `date_columns` has none",
		func(r *domain.Reader, key string, c *Config) { r.Text(key, &c.TimeFormat) }},
	{"ignored_columns", "a list of names", "none", "columns that are no inputs", names(func(c *Config) *[]string { return &c.Ignored })},
	{"max_categories", "2 … 1024", "64", "how many categories of a column have an input each, the most frequent ones; the others share one",
		func(r *domain.Reader, key string, c *Config) { r.Integer(key, &c.MaxCategories, 2, MaxCategories) }},
	{"rare_classes", "`error` `drop`", "`error`", "what becomes of the rows of a class with fewer than five: the file is refused, or they are left out",
		func(r *domain.Reader, key string, c *Config) { r.Text(key, &c.RareClasses) }},
	{"split_column", "a name", "none", "a column whose cells are `train`, `validation` or `test`: the last test, the others learn",
		func(r *domain.Reader, key string, c *Config) { r.Text(key, &c.Split) }},
	{"models", "a list of `mlp` `gru` `lstm` `attention`", "`[\"mlp\"]`", "what networks are: perceptrons, or those that see the inputs one after another, on which machines agree within a share (docs/models.md)",
		func(r *domain.Reader, key string, c *Config) { r.Names(key, &c.Models, genome.MaxChoices) }},
	{"test_data", "a path", "none", "a file with the same columns, in any order, whose rows test", func(r *domain.Reader, key string, c *Config) { r.Text(key, &c.TestData) }},
}

// KeyTable returns the keys of this domain, in the order of the manual. The caller must not change them.
func KeyTable() []Key { return keys }

// names reads a list of names of columns.
func names(field func(c *Config) *[]string) func(*domain.Reader, string, *Config) {
	return func(r *domain.Reader, key string, c *Config) { r.Names(key, field(c), data.MaxColumns) }
}
