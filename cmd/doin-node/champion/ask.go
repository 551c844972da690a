package champion

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

// batch is the number of rows of one question: what a tabular domain answers at once.
const batch = 1024

// Sheet is an answer as a table, and whose it is.
type Sheet struct {
	CSV       []byte
	Rows      int
	OptimaeID string
	Verified  bool
}

// Forecast asks the champion of a series for what comes next: steps values, the domain's horizon for 0. input names a CSV
// file of rows that go on from the data or take the place of their end, written as the data are or with the columns time and value;
// empty: the data as they are. A file that does not fit is an *InputError.
func (s *Source) Forecast(ctx context.Context, domain, input string, steps int) (*Sheet, error) {
	c, err := s.Current(ctx, domain)
	if err != nil {
		return nil, err
	}
	d := s.domain(c.Domain)
	if d != nil && d.Plugin() == "tabular" {
		return nil, &InputError{fmt.Sprintf("domain %q is a table, it has no next value: doin-node predict asks it", c.Domain)}
	}
	time, value := setting(d, "time_column", "time"), setting(d, "value_column", "value")
	question := canon.NewObject()
	if steps > 0 {
		question.Set("steps", steps)
	}
	if input != "" {
		in, err := s.readSheet(ctx, d, input, nil)
		if err != nil {
			return nil, err
		}
		if err := in.asSeries(question); err != nil {
			return nil, err
		}
	}
	answers, err := s.inferAll(ctx, c, []*canon.Object{question}, nil)
	if err != nil {
		return nil, err
	}
	times, err1 := answers[0].Output.List("times")
	values, err2 := answers[0].Output.List("forecast")
	if err1 != nil || err2 != nil || len(times) != len(values) {
		return nil, &InputError{fmt.Sprintf("domain %q makes no forecasts: doin-node predict asks it", c.Domain)}
	}
	out := &sheet{names: []string{time, value}}
	for i := range times {
		out.rows = append(out.rows, []string{cell(times[i]), cell(values[i])})
	}
	return out.of(answers[0])
}

// Predict asks the champion of a table for the targets of the rows of a CSV file. The answer has the file's columns, the
// prediction and, of classes, the probability of each. A file that does not fit is an *InputError.
func (s *Source) Predict(ctx context.Context, domain, input string) (*Sheet, error) {
	c, err := s.Current(ctx, domain)
	if err != nil {
		return nil, err
	}
	if d := s.domain(c.Domain); d != nil && d.Plugin() == "forecast" {
		return nil, &InputError{fmt.Sprintf("domain %q is a series, it has no rows to predict: doin-node forecast asks it", c.Domain)}
	}
	var in *sheet
	answers, err := s.inferAll(ctx, c, nil, func(h *hired) ([]*canon.Object, error) {
		inputs, err := h.workers.Inputs(ctx, h.domain.ID)
		if err != nil {
			return nil, err
		}
		if in, err = s.readSheet(ctx, &h.domain, input, texts(inputs)); err != nil {
			return nil, err
		}
		fits, err := in.fit(inputs)
		if err != nil {
			return nil, err
		}
		return fits.questions(numbers(inputs)), nil
	})
	if err != nil {
		return nil, inFile(err, len(answers)*batch)
	}
	out := &sheet{names: append([]string(nil), in.names...)}
	for i, a := range answers {
		if err := out.take(in.rows[i*batch:], a, i == 0); err != nil {
			return nil, err
		}
	}
	return out.of(answers[0])
}

var rowOfQuestion = regexp.MustCompile(`^(?:.*: )?rows: row (\d+): `)

// inFile says of a refused row which one of the file it is, from 1, where the question began at a row from 0.
func inFile(err error, from int) error {
	var unfit *InputError
	if !errors.As(err, &unfit) {
		return err
	}
	m := rowOfQuestion.FindStringSubmatch(unfit.Reason)
	if m == nil {
		return err
	}
	n, _ := strconv.Atoi(m[1]) // digits
	return &InputError{fmt.Sprintf("row %d, %s", from+n+1, unfit.Reason[len(m[0]):])}
}

// maxSeriesRows is how many rows of a series a domain takes one by one.
const maxSeriesRows = 1 << 16

// asSeries puts the rows of a series into a question: as values, which are the same whatever marks the domain's own file has in its
// numbers; a long series as text.
func (s *sheet) asSeries(question *canon.Object) error {
	if len(s.rows) > maxSeriesRows {
		text, err := s.encode()
		question.Set("csv", string(text))
		return err
	}
	all := map[string]bool{}
	for _, name := range s.names {
		all[name] = true
	}
	question.Set("rows", s.objects(s.rows, all))
	return nil
}

// objects are rows with their values by column: of the columns with numbers a fraction is a number, everything else is as it stands.
func (s *sheet) objects(rows [][]string, numbers map[string]bool) []any {
	out := make([]any, len(rows))
	for i, row := range rows {
		o := canon.NewObject()
		for j, name := range s.names {
			var v any = row[j]
			if numbers[name] && strings.ContainsAny(row[j], ".eE") {
				if x, err := strconv.ParseFloat(row[j], 64); err == nil && !math.IsInf(x, 0) && !math.IsNaN(x) {
					v = x
				}
			}
			o.Set(name, v)
		}
		out[i] = o
	}
	return out
}

// questions are the rows as objects, in batches.
func (s *sheet) questions(numbers map[string]bool) (out []*canon.Object) {
	for from := 0; from < len(s.rows); from += batch {
		out = append(out, canon.NewObject("rows", s.objects(s.rows[from:min(from+batch, len(s.rows))], numbers)))
	}
	return out
}

// take appends rows and their predictions, at first their names too.
func (s *sheet) take(rows [][]string, a *Answer, first bool) error {
	predictions, err := a.Output.List("predictions")
	if err != nil || len(predictions) > len(rows) {
		return &InputError{"the domain does not predict rows: doin-node forecast asks it"}
	}
	classes, _ := a.Output.ListOr("classes", nil)
	probabilities, _ := a.Output.ListOr("probabilities", nil)
	if first {
		s.names = append(s.names, "prediction")
		for _, class := range classes {
			s.names = append(s.names, "probability "+cell(class))
		}
	}
	for i, p := range predictions {
		row := append(append([]string(nil), rows[i]...), cell(p))
		if i < len(probabilities) {
			list, err := canon.AsList(probabilities[i])
			if err != nil || len(list) != len(classes) {
				return fmt.Errorf("probabilities of row %d: %v", i, probabilities[i])
			}
			for _, v := range list {
				row = append(row, cell(v))
			}
		}
		s.rows = append(s.rows, row)
	}
	return nil
}

// of is the sheet as the answer of a champion.
func (s *sheet) of(a *Answer) (*Sheet, error) {
	data, err := s.encode()
	return &Sheet{CSV: data, Rows: len(s.rows), OptimaeID: a.OptimaeID, Verified: a.Verified}, err
}

// cell is a value of an answer as a file has it.
func cell(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// domain returns the configuration of a domain, nil for one that it does not have.
func (s *Source) domain(id string) *config.Domain {
	for i := range s.Config.Domains {
		if s.Config.Domains[i].ID == id {
			return &s.Config.Domains[i]
		}
	}
	return nil
}

// setting is a text of a domain's settings, as they were configured.
func setting(d *config.Domain, key, otherwise string) string {
	if d == nil {
		return otherwise
	}
	text, err := d.OptimizationConfig.StringOr(key, otherwise)
	if err != nil || text == "" {
		return otherwise
	}
	return text
}
