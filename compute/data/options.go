package data

import (
	"errors"
	"fmt"

	"doin.network/node/compute/data/number"
)

// ErrOptions is what an error about options wraps.
var ErrOptions = errors.New("options")

// Options say how a file is to be understood. The zero value leaves everything to be found in the file. The comments name
// the keys of a configuration; see Keys.
type Options struct {
	// Separator stands between cells: one of , ; | : and a tab, "tab", "space" for runs of blanks, "none" for files of one
	// column: "separator".
	Separator string
	// Decimal and Thousands are the marks within numbers, Thousands "none" where there is none: "decimal", "thousands".
	Decimal, Thousands string
	// Encoding is a name of the text's encoding, as the WHATWG's standard lists them: "encoding".
	Encoding string
	// Quote is the mark around cells, " or ', or "none": "quote".
	Quote string
	// Comment is what lines begin with that are none of the table, or "none": "comment".
	Comment string
	// Missing are the texts of missing values, in place of DefaultMissing; an empty cell is missing whatever they are:
	// "missing_values".
	Missing []string
	// Header is "first" where the first line names the columns, "none" where it is a row: "header".
	Header string
	// FirstLine is the line at which the table begins, from 1: "first_line".
	FirstLine int
	// Skip are lines that are no rows, ascending: "2", "98-120", "98-" for all from there on: "skip_lines". Empty, not nil: there are
	// none.
	Skip []string
	// Index is "drop" where the first column only numbers the rows, "keep" where it is a column as the others:
	// "index_column".
	Index string
	// Progress, unless nil, hears now and then how many bytes of the file have been read, of how many; of −1 where that is
	// unknown. It decides nothing.
	Progress func(done, total int64)
}

// Validate reports every problem at once, joined; nil means o is usable. The errors wrap ErrOptions.
func (o *Options) Validate() error {
	errs := o.text().Check()
	if o.Index != "" && o.Index != "drop" && o.Index != "keep" {
		errs = append(errs, fmt.Errorf("index_column %.20q: must be drop or keep", o.Index))
	}
	if _, err := number.NewFormat(o.Decimal, o.Thousands); err != nil {
		errs = append(errs, err)
	}
	if len(o.Missing) > MaxMissing {
		errs = append(errs, fmt.Errorf("missing_values: %d texts, at most %d", len(o.Missing), MaxMissing))
	}
	for i, err := range errs {
		errs[i] = fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return errors.Join(errs...)
}
