package worker

import (
	"fmt"

	"doin.network/node/internal/canon"
)

// Immigrant is a verified champion from elsewhere, offered to a search.
type Immigrant struct {
	Parameters *canon.Object
	// Performance is its verified one, higher is better, finite.
	Performance float64
}

// maxImmigrants bounds the immigrants of one credit.
const maxImmigrants = 1024

func immigrantList(list []Immigrant) []any {
	out := make([]any, len(list))
	for i, m := range list {
		out[i] = canon.NewObject("parameters", m.Parameters, "performance", m.Performance)
	}
	return out
}

// parseImmigrants reads the "immigrants" of data, an absent one as none.
func parseImmigrants(data *canon.Object) ([]Immigrant, error) {
	list, err := data.ListOr("immigrants", nil)
	if err != nil {
		return nil, err
	}
	if len(list) > maxImmigrants {
		return nil, fmt.Errorf("%d immigrants: at most %d", len(list), maxImmigrants)
	}
	var out []Immigrant
	for i, v := range list {
		o, err := canon.AsObject(v)
		if err != nil {
			return nil, fmt.Errorf("immigrant %d: %w", i, err)
		}
		r := reader{o: o}
		m := Immigrant{Parameters: r.object("parameters")}
		if r.err == nil {
			m.Performance, r.err = o.Float("performance")
		}
		if r.err != nil {
			return nil, fmt.Errorf("immigrant %d: %w", i, r.err)
		}
		out = append(out, m)
	}
	return out, nil
}
