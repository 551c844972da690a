package prior

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"

	"doin.network/node/internal/canon"
)

// Value is one scalar of a recipe: a number, a boolean as 0 or 1, or a text.
type Value struct {
	Number float64
	Text   string // where it is one, else empty
}

// Values returns the scalars of a recipe by name: of what is under "genome" where the recipe has such an object, else of all of it.
// Members of lists and objects are named by their path, units.0. Of more than MaxColumns the first count; what is null, an empty or
// long text, or a number that is not finite has no value.
func Values(recipe *canon.Object) map[string]Value {
	if genes, err := recipe.Object("genome"); err == nil {
		recipe = genes
	}
	out := map[string]Value{}
	for name, v := range recipe.All() {
		add(out, name, v)
	}
	return out
}

func add(out map[string]Value, name string, v any) {
	if len(out) >= MaxColumns || len(name) > MaxName || name == "" {
		return
	}
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			add(out, name+"."+strconv.Itoa(i), e)
		}
	case []float64:
		for i, e := range v {
			add(out, name+"."+strconv.Itoa(i), e)
		}
	case *canon.Object:
		for key, e := range v.All() {
			add(out, name+"."+key, e)
		}
	case bool:
		out[name] = Value{}
		if v {
			out[name] = Value{Number: 1}
		}
	case string:
		if v != "" && len(v) <= MaxName {
			out[name] = Value{Text: v}
		}
	default:
		if f, err := canon.AsFloat(v); err == nil && f-f == 0 {
			out[name] = Value{Number: f}
		}
	}
}

// logRatio is from which ratio of largest and smallest on a positive number is measured on a logarithmic scale.
const logRatio = 50

// Columns returns the inputs that recipes make: each number with the range that it takes in them, each text as one column for every
// choice. They are in the order of their names; of more than MaxColumns those that the most recipes have.
func Columns(recipes []map[string]Value) []Column {
	type span struct {
		low, high float64
		uses      int
	}
	numbers, choices := map[string]*span{}, map[Column]int{}
	for _, r := range recipes {
		for name, v := range r {
			if v.Text != "" {
				choices[Column{Name: name, Choice: v.Text}]++
				continue
			}
			n := numbers[name]
			if n == nil {
				n = &span{low: v.Number, high: v.Number}
				numbers[name] = n
			}
			n.low, n.high, n.uses = min(n.low, v.Number), max(n.high, v.Number), n.uses+1
		}
	}
	uses := choices
	for name, n := range numbers {
		if math.IsInf(n.high-n.low, 0) {
			continue
		}
		uses[Column{Name: name, Low: n.low, High: n.high, Log: n.low > 0 && n.high/n.low >= logRatio}] = n.uses
	}
	out := slices.Collect(maps.Keys(uses))
	order := func(a, b Column) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Choice, b.Choice)) }
	slices.SortFunc(out, func(a, b Column) int { return cmp.Or(cmp.Compare(uses[b], uses[a]), order(a, b)) })
	out = out[:min(len(out), MaxColumns)]
	slices.SortFunc(out, order)
	return out
}

// Encode returns a recipe's values on columns, in [0, 1], and which it has. What the columns do not know is left out; beyond a
// scale's end counts as the end.
func Encode(columns []Column, recipe map[string]Value) (x []float64, active []bool) {
	x, active = make([]float64, len(columns)), make([]bool, len(columns))
	for i := range columns {
		c := &columns[i]
		v, ok := recipe[c.Name]
		if !ok || (v.Text != "") != (c.Choice != "") {
			continue
		}
		active[i] = true
		if c.Choice == "" {
			x[i] = c.position(v.Number)
		} else if c.Choice == v.Text {
			x[i] = 1
		}
	}
	return x, active
}

// position is where a number lies on the scale; ½ where the scale is one point.
func (c *Column) position(v float64) float64 {
	low, high := c.Low, c.High
	if low == high {
		return 0.5
	}
	v = min(max(v, low), high)
	if c.Log {
		return math.Log(v/low) / math.Log(high/low)
	}
	return (v - low) / (high - low)
}
