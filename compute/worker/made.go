package worker

import (
	"fmt"
	"math"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Made is what a row tells besides of how the individual came to be, for who keeps a record of trials.
type Made struct {
	// Known is whether the strategy tells; the other members mean nothing where it does not.
	Known bool
	// Trial is the trial's number, from 0 over the run in the order of results; -1 of an immigrant.
	Trial int64
	// Operator is what made it within its Origin. Parents are the numbers of the trials it was made of, as far as they are
	// known; of one that trains somebody again, his.
	Operator string
	Parents  []int64
	// Island is which of the searches that share the worker made it, 0 to maxIslands − 1; 0 where there is one.
	Island int
	// Seconds is how long its trainings took, added up, and Curve the first one's learning curve, at most domain.MaxCurve
	// points. Both are there in the first record that has the trial's result, and 0 and nil in those that follow.
	Seconds float64
	Curve   []domain.Point
}

// maxIslands bounds the islands of a worker's search.
const maxIslands = 64

// maxParents bounds those of a row.
const maxParents = 8

// madeColumns returns the columns of Made; none if no row has it.
func madeColumns(rows []Row) []table.Column {
	n, any, several := len(rows), false, false
	island := make([]int64, n)
	trial, seconds := make([]int64, n), make([]float64, n)
	operator, parents, curve := make([]string, n), make([]string, n), make([]string, n)
	for i := range rows {
		m := &rows[i].Made
		trial[i], operator[i], parents[i], seconds[i], curve[i] = -1, m.Operator, "[]", m.Seconds, "[]"
		if m.Known {
			any, trial[i] = true, m.Trial
		}
		if island[i] = int64(m.Island); m.Island > 0 {
			several = true
		}
		if len(m.Parents) > 0 {
			parents[i] = string(canon.Default(m.Parents))
		}
		if len(m.Curve) > 0 {
			curve[i] = string(canon.Default(curveList(m.Curve)))
		}
	}
	if !any {
		return nil
	}
	out := []table.Column{{Name: "trial", Values: trial}, {Name: "operator", Values: operator}, {Name: "parents", Values: parents},
		{Name: "seconds", Values: seconds}, {Name: "curve", Values: curve}}
	if several {
		out = append(out, table.Column{Name: "island", Values: island})
	}
	return out
}

func curveList(curve []domain.Point) []any {
	out := make([]any, len(curve))
	for i, p := range curve {
		out[i] = []any{int64(p.Step), orNull(p.Train), orNull(p.Validation)}
	}
	return out
}

func orNull(x float64) any {
	if finite(x) {
		return x
	}
	return nil
}

// readMade reads the columns of Made, if there are any.
func readMade(t *table.Table, rows []Row) error {
	if _, ok := t.Column("trial"); !ok {
		return nil
	}
	c := columns{t: t}
	trial, operator, parents := column[int64](&c, "trial"), column[string](&c, "operator"), column[string](&c, "parents")
	seconds, curve := column[float64](&c, "seconds"), column[string](&c, "curve")
	var island []int64
	if _, several := t.Column("island"); several {
		island = column[int64](&c, "island")
	}
	if c.err != nil {
		return c.err
	}
	for i := range rows {
		m := Made{Known: true, Trial: trial[i], Operator: operator[i], Seconds: seconds[i]}
		if m.Trial < -1 || len(m.Operator) > maxOperator || !(m.Seconds >= 0 && finite(m.Seconds)) {
			return fmt.Errorf("row %d: trial %d of %.80q, %v seconds", i, m.Trial, m.Operator, m.Seconds)
		}
		if island != nil {
			if island[i] < 0 || island[i] >= maxIslands {
				return fmt.Errorf("row %d: island %d: must be in [0, %d)", i, island[i], maxIslands)
			}
			m.Island = int(island[i])
		}
		var err error
		if m.Parents, err = parseParents(parents[i]); err != nil {
			return fmt.Errorf("row %d: parents: %w", i, err)
		}
		if m.Curve, err = parseCurve(curve[i]); err != nil {
			return fmt.Errorf("row %d: curve: %w", i, err)
		}
		rows[i].Made = m
	}
	return nil
}

// maxOperator bounds the bytes of an operator's name.
const maxOperator = 64

func parseList(text string, most int) ([]any, error) {
	if text == "[]" {
		return nil, nil
	}
	v, err := canon.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	list, err := canon.AsList(v)
	if err == nil && len(list) > most {
		err = fmt.Errorf("%d: at most %d", len(list), most)
	}
	return list, err
}

func parseParents(text string) (out []int64, err error) {
	list, err := parseList(text, maxParents)
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		n, ok := v.(int64)
		if !ok || n < 0 {
			return nil, fmt.Errorf("%.80v: want the number of a trial", v)
		}
		out = append(out, n)
	}
	return out, nil
}

func parseCurve(text string) (out []domain.Point, err error) {
	list, err := parseList(text, domain.MaxCurve)
	if err != nil {
		return nil, err
	}
	before := -1
	for _, v := range list {
		point, err := canon.AsList(v)
		if err != nil || len(point) != 3 {
			return nil, fmt.Errorf("%.80v: want [step, train, validation]", v)
		}
		step, ok := point[0].(int64)
		if !ok || step <= int64(before) || step > math.MaxInt32 {
			return nil, fmt.Errorf("step %.80v: must rise", point[0])
		}
		p := domain.Point{Step: int(step), Train: math.NaN(), Validation: math.NaN()}
		for i, to := range []*float64{&p.Train, &p.Validation} {
			if point[1+i] == nil {
				continue
			}
			if *to, err = canon.AsFloat(point[1+i]); err != nil {
				return nil, err
			}
		}
		before = p.Step
		out = append(out, p)
	}
	return out, nil
}
