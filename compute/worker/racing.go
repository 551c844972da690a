package worker

import (
	"fmt"
	"math"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Raced is what a row tells besides in a search that trains individuals with several seeds.
type Raced struct {
	// Seeds is how many seeds Row.Fitness is the mean of, 1 to domain.MaxSeeds; 0: the search does not race.
	Seeds int
	// Expected is what another training is expected to score, Error the standard deviation of what the individual is worth
	// around it.
	Expected, Error float64
	// Trainings are those of the run, in the order in which they were told.
	Trainings []Training
	// Of is, in an open row that trains somebody again, the Row.Seed of whom; else 0.
	Of uint64
}

// Training is one seed's score of an individual.
type Training struct {
	Seed        uint64
	Performance float64 // NaN: it failed or diverged
}

// Promise is what another training of the row is expected to score: Expected, or Fitness where the search does not race.
func (r *Row) Promise() float64 {
	if r.Seeds > 0 {
		return r.Expected
	}
	return r.Fitness
}

// racedColumns returns the columns of Raced; none if no row has been raced.
func racedColumns(rows []Row) []table.Column {
	n, raced := len(rows), false
	seeds, of, trainings := make([]int64, n), make([]uint64, n), make([]string, n)
	expected, errors := make([]float64, n), make([]float64, n)
	for i := range rows {
		r := &rows[i].Raced
		raced = raced || r.Seeds > 0
		seeds[i], expected[i], errors[i], of[i] = int64(r.Seeds), r.Expected, r.Error, r.Of
		trainings[i] = string(canon.Default(trainingList(r.Trainings)))
	}
	if !raced {
		return nil
	}
	return []table.Column{{Name: "seeds", Values: seeds}, {Name: "expected", Values: expected}, {Name: "error", Values: errors},
		{Name: "trainings", Values: trainings}, {Name: "of", Values: of}}
}

func trainingList(list []Training) []any {
	out := make([]any, len(list))
	for i, t := range list {
		out[i] = []any{t.Seed, nil}
		if finite(t.Performance) {
			out[i] = []any{t.Seed, t.Performance}
		}
	}
	return out
}

// readRaced reads the columns of Raced, if there are any.
func readRaced(t *table.Table, rows []Row) error {
	if _, ok := t.Column("seeds"); !ok {
		return nil
	}
	c := columns{t: t}
	seeds, of, trainings := column[int64](&c, "seeds"), column[uint64](&c, "of"), column[string](&c, "trainings")
	expected, errors := column[float64](&c, "expected"), column[float64](&c, "error")
	if c.err != nil {
		return c.err
	}
	for i := range rows {
		if seeds[i] < 0 || seeds[i] > domain.MaxSeeds {
			return fmt.Errorf("row %d: %d seeds", i, seeds[i])
		}
		list, err := parseTrainings(trainings[i])
		if err != nil {
			return fmt.Errorf("row %d: trainings: %w", i, err)
		}
		rows[i].Raced = Raced{Seeds: int(seeds[i]), Expected: expected[i], Error: errors[i], Trainings: list, Of: of[i]}
	}
	return nil
}

func parseTrainings(text string) (out []Training, err error) {
	v, err := canon.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	list, err := canon.AsList(v)
	if err != nil {
		return nil, err
	}
	if len(list) > domain.MaxSeeds {
		return nil, fmt.Errorf("%d: at most %d", len(list), domain.MaxSeeds)
	}
	for _, v := range list {
		pair, err := canon.AsList(v)
		if err != nil || len(pair) != 2 {
			return nil, fmt.Errorf("%.80v: want [seed, performance]", v)
		}
		seed, ok := unsigned(pair[0])
		if !ok {
			return nil, fmt.Errorf("%.80v: want an unsigned 64-bit integer for seed", pair[0])
		}
		t := Training{Seed: seed, Performance: math.NaN()}
		if pair[1] != nil {
			if t.Performance, err = canon.AsFloat(pair[1]); err != nil {
				return nil, err
			}
		}
		out = append(out, t)
	}
	return out, nil
}
