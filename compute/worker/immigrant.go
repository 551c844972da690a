package worker

import (
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// Immigrant is a verified champion from elsewhere, offered to a search.
type Immigrant struct {
	Parameters *canon.Object
	// Performance is its verified one, higher is better, finite.
	Performance float64
	// Seeds is how many seeds confirmed it, which is its weight in a search that races; 0: not told, as 1.
	Seeds int
}

// Bounds of an optimize and its credits.
const (
	maxImmigrants = 1024    // of one credit
	maxAhead      = 16      // records unanswered
	maxWindow     = 1 << 17 // trials under way
)

// credit answers a record.
type credit struct {
	immigrants []Immigrant
	window     int // from here on; 0: as before
}

// object is the credit as it stands on the wire.
func (c *credit) object() *canon.Object {
	o := canon.NewObject("immigrants", immigrantList(c.immigrants))
	if c.window > 0 {
		o.Set("window", c.window)
	}
	return o
}

func parseCredit(data *canon.Object) (c credit, err error) {
	if c.immigrants, err = parseImmigrants(data); err != nil {
		return c, err
	}
	c.window, err = integerIn(data, "window", 0, 0, maxWindow)
	return c, err
}

// parseCredits reads the "credits" of an optimize that resumes, at most maxAhead; without them, "immigrants" is the only one.
func parseCredits(data *canon.Object) (out []credit, err error) {
	if !data.Has("credits") {
		c, err := parseCredit(data)
		c.window = 0 // the request's own
		return []credit{c}, err
	}
	list, err := data.List("credits")
	if err != nil {
		return nil, err
	}
	if len(list) > maxAhead {
		return nil, fmt.Errorf("%d credits: at most %d", len(list), maxAhead)
	}
	for i, v := range list {
		o, err := canon.AsObject(v)
		if err != nil {
			return nil, fmt.Errorf("credit %d: %w", i, err)
		}
		c, err := parseCredit(o)
		if err != nil {
			return nil, fmt.Errorf("credit %d: %w", i, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// integerIn reads a member as an integer in [low, high].
func integerIn(data *canon.Object, key string, def, low, high int) (int, error) {
	n, err := data.IntOr(key, int64(def))
	if err == nil && (n < int64(low) || n > int64(high)) {
		err = fmt.Errorf("%s %d: must be in [%d, %d]", key, n, low, high)
	}
	return int(n), err
}

func immigrantList(list []Immigrant) []any {
	out := make([]any, len(list))
	for i, m := range list {
		o := canon.NewObject("parameters", m.Parameters, "performance", m.Performance)
		if m.Seeds > 0 {
			o.Set("seeds", m.Seeds)
		}
		out[i] = o
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
		if r.err == nil {
			m.Seeds, r.err = integerIn(o, "seeds", 0, 0, domain.MaxSeeds)
		}
		if r.err != nil {
			return nil, fmt.Errorf("immigrant %d: %w", i, r.err)
		}
		out = append(out, m)
	}
	return out, nil
}
