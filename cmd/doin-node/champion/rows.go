package champion

import (
	"fmt"
	"slices"

	"doin.network/node/internal/canon"
)

// mostNames bounds the categories that a sentence names.
const mostNames = 12

// fit checks rows against what a domain says of its questions: every column is there, and training has seen every category. Columns that
// are no inputs are dropped, the target's for one. It is an *InputError that names row and column.
func (s *sheet) fit(inputs []*canon.Object) (*sheet, error) {
	if len(inputs) == 0 {
		return s, nil
	}
	others := map[string]bool{}
	for _, name := range s.names {
		others[name] = true
	}
	for _, o := range inputs {
		name, err := o.String("name")
		if err != nil {
			return nil, err
		}
		delete(others, name)
		at := s.column(name)
		if at < 0 {
			return nil, &InputError{fmt.Sprintf("column %q is missing: the file has %q", name, s.names)}
		}
		if err := s.seen(at, o); err != nil {
			return nil, err
		}
	}
	return s.without(others), nil
}

// numbers are the inputs that a domain reads as numbers.
func numbers(inputs []*canon.Object) map[string]bool {
	out := map[string]bool{}
	for _, o := range inputs {
		kind, _ := o.StringOr("kind", "")
		if name, err := o.String("name"); err == nil && kind == "number" {
			out[name] = true
		}
	}
	return out
}

// texts are those that it reads as something else.
func texts(inputs []*canon.Object) (out []string) {
	is := numbers(inputs)
	for _, o := range inputs {
		if name, err := o.String("name"); err == nil && !is[name] {
			out = append(out, name)
		}
	}
	return out
}

// seen checks the cells of a column against the categories that training has.
func (s *sheet) seen(at int, o *canon.Object) error {
	list, err := o.ListOr("categories", nil)
	if err != nil || len(list) == 0 {
		return err
	}
	gone, err := o.ListOr("missing", []any{"", "NA", "?"})
	if err != nil {
		return err
	}
	known, missing := cells(list), cells(gone)
	for i, row := range s.rows {
		if !slices.Contains(missing, row[at]) && !slices.Contains(known, row[at]) {
			named := fmt.Sprintf("%q", known[:min(len(known), mostNames)])
			if len(known) > mostNames {
				named = fmt.Sprintf("%s and %d others", named, len(known)-mostNames)
			}
			return &InputError{fmt.Sprintf("row %d, column %q: training has not seen the category %q, but %s", i+1, s.names[at], row[at], named)}
		}
	}
	return nil
}

// cells are the texts of values.
func cells(list []any) (out []string) {
	for _, v := range list {
		out = append(out, cell(v))
	}
	return out
}
