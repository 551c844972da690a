package tabular

import (
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
)

// Schema says what the columns of a file are.
type Schema struct {
	Task Task
	// Target names the target column; empty it is the last one that is not ignored.
	Target string
	// Numeric, Categorical, Boolean and Dates name columns of that kind, Ignored those that are no inputs. The kind of the
	// others is decided by all of their cells.
	Numeric, Categorical, Boolean, Ignored []string
	Dates                                  []DateColumn
	// TimeFormat is the form of the dates of columns for which Dates has none (see when.ByName); empty: found in the
	// cells.
	TimeFormat string
	// MaxCategories is the number of categories of a column that have inputs of their own, 2 to the constant of that
	// name; the others share one. 0: DefaultMaxCategories.
	MaxCategories int
	// RareClasses is what becomes of the rows of a class of which fewer than MinClassRows learn: RareRefused, the
	// default, or RareDropped.
	RareClasses string
	// Split names a column that says what a row is for, "train", "validation" or "test", and is no input; empty: there is
	// none. The rows of the first two learn.
	Split string
}

// What becomes of rare classes.
const (
	RareRefused = "error"
	RareDropped = "drop"
)

// DateColumn is a column of dates; Format is the name of their form, empty: that of the schema.
type DateColumn struct{ Name, Format string }

// check returns the first contradiction in the schema.
func (s *Schema) check() error {
	seen := map[string]string{}
	for _, list := range s.lists() {
		for _, name := range list.names {
			if before, ok := seen[name]; ok {
				return fmt.Errorf("%s: column %.80q is in %s too", list.key, name, before)
			}
			seen[name] = list.key
		}
	}
	if n := s.MaxCategories; n != 0 && (n < 2 || n > MaxCategories) {
		return fmt.Errorf("max_categories %d: must be in [2, %d]", n, MaxCategories)
	}
	if r := s.RareClasses; r != "" && r != RareRefused && r != RareDropped {
		return fmt.Errorf("rare_classes %.40q: must be %s or %s", r, RareRefused, RareDropped)
	}
	return nil
}

// listing is the names that a key of the configuration lists.
type listing struct {
	key   string
	kind  kind // undecided: they are no inputs
	names []string
}

func (s *Schema) lists() []listing {
	one := func(name string) []string {
		if name == "" {
			return nil
		}
		return []string{name}
	}
	dates := make([]string, len(s.Dates))
	for i, d := range s.Dates {
		dates[i] = d.Name
	}
	return []listing{{"target_column", undecided, one(s.Target)}, {"split_column", undecided, one(s.Split)}, {"numeric_columns", numeric, s.Numeric},
		{"categorical_columns", categorical, s.Categorical}, {"boolean_columns", boolean, s.Boolean}, {"date_columns", date, dates},
		{"ignored_columns", undecided, s.Ignored}}
}

// kindOf returns the kind that is given for a column, and of dates their form.
func (s *Schema) kindOf(name string) (k kind, format string) {
	for _, list := range s.lists() {
		if i := slices.Index(list.names, name); i >= 0 && list.kind != undecided {
			if k = list.kind; k == date {
				format = s.Dates[i].Format
			}
		}
	}
	if format == "" {
		format = s.TimeFormat
	}
	return k, format
}

// maxCategories is MaxCategories or its default.
func (s *Schema) maxCategories() int {
	if s.MaxCategories == 0 {
		return DefaultMaxCategories
	}
	return s.MaxCategories
}

// validate refuses a task that is none, and contradictions.
func (s *Schema) validate() error {
	if err := s.Task.check(); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("%w: %w", domain.ErrConfig, err)
	}
	return nil
}
