package live

import (
	"math"
	"slices"
)

// Importance is how much a parameter says about the score.
type Importance struct {
	Name string `json:"name"`
	// Share of what a random forest explains of the score's variance: the mean decrease in impurity (Breiman, "Random
	// Forests", 2001, section 10), all parameters' shares adding up to 1. It is large for parameters that the search still varies.
	Share float64 `json:"share"`
	// Rank is Spearman's correlation with the score: the direction, in [−1, 1]. 0 for words.
	Rank float64 `json:"rank"`
}

// Settings of the forest, small enough for a second and large enough that shares move by hundredths.
const (
	trees    = 24
	maxDepth = 7
	bins     = 32
	minLeaf  = 8
)

// weigh returns the importances, the largest first. It is a function of the sample alone.
func (s *sample) weigh() []Importance {
	out := make([]Importance, len(s.names))
	gain := make([]float64, len(s.names))
	binned := make([][]uint8, len(s.names))
	for j := range s.names {
		binned[j] = bin(s.values[j], s.levels[j] != nil)
	}
	f := forest{x: binned, y: ranks(s.score), gain: gain, state: 0x9e3779b97f4a7c15}
	for range trees {
		f.tree()
	}
	sum := 0.0
	for _, g := range gain {
		sum += g
	}
	for j, name := range s.names {
		out[j] = Importance{Name: name, Share: rounded(gain[j] / math.Max(sum, math.SmallestNonzeroFloat64))}
		if s.levels[j] == nil {
			out[j].Rank = rounded(spearman(s.values[j], s.score))
		}
	}
	slices.SortStableFunc(out, func(a, b Importance) int {
		if a.Share > b.Share {
			return -1
		}
		return btoi(a.Share < b.Share)
	})
	return out
}

// rounded leaves what the sample can tell.
func rounded(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// bin puts values into equally full bins, those that are missing into bin 0. Words are bins themselves, as far as they go.
func bin(values []float32, words bool) []uint8 {
	out := make([]uint8, len(values))
	if words {
		for i, v := range values {
			if v == v {
				out[i] = uint8(min(v+1, bins-1))
			}
		}
		return out
	}
	sorted := make([]float32, 0, len(values))
	for _, v := range values {
		if v == v {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	var cuts []float32
	for k := 1; k < bins-1; k++ {
		if c := sorted[k*len(sorted)/(bins-1)]; len(cuts) == 0 || c > cuts[len(cuts)-1] {
			cuts = append(cuts, c)
		}
	}
	for i, v := range values {
		if v != v {
			continue
		}
		k, ok := slices.BinarySearch(cuts, v)
		out[i] = uint8(1 + k + btoi(ok))
	}
	return out
}

// forest grows trees over binned parameters, and keeps of them only what splits have gained.
type forest struct {
	x     [][]uint8
	y     []float32
	gain  []float64
	state uint64
}

// random is a step of SplitMix64 (Steele, Lea, Flood, 2014).
func (f *forest) random(n int) int {
	f.state += 0x9e3779b97f4a7c15
	z := f.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

// tree grows one over a bootstrap sample.
func (f *forest) tree() {
	rows := make([]int32, len(f.y))
	for i := range rows {
		rows[i] = int32(f.random(len(rows)))
	}
	f.grow(rows, 0)
}

func (f *forest) grow(rows []int32, depth int) {
	if depth >= maxDepth || len(rows) < 2*minLeaf || len(f.x) == 0 {
		return
	}
	best, at, from := 0.0, -1, 0
	for range max(1, (len(f.x)+2)/3) {
		j := f.random(len(f.x))
		if g, k := f.split(rows, j); g > best {
			best, at, from = g, j, k
		}
	}
	if at < 0 {
		return
	}
	f.gain[at] += best
	column, low := f.x[at], 0
	for i, r := range rows {
		if int(column[r]) < from {
			rows[i], rows[low] = rows[low], r
			low++
		}
	}
	f.grow(rows[:low], depth+1)
	f.grow(rows[low:], depth+1)
}

// split returns the best gain of a split by parameter j, in summed squares, and the first bin of its right side.
func (f *forest) split(rows []int32, j int) (gain float64, from int) {
	var n [bins + 1]int
	var sum [bins + 1]float64
	column := f.x[j]
	total := 0.0
	for _, r := range rows {
		k, y := column[r], float64(f.y[r])
		n[k]++
		sum[k] += y
		total += y
	}
	count, left := 0, 0.0
	whole := total * total / float64(len(rows))
	for k := range bins {
		count += n[k]
		left += sum[k]
		rest := len(rows) - count
		if count < minLeaf || rest < minLeaf {
			continue
		}
		right := total - left
		if g := left*left/float64(count) + right*right/float64(rest) - whole; g > gain {
			gain, from = g, k+1
		}
	}
	return gain, from
}

// ranks returns the ranks of values in [−0.5, 0.5]: a score that is far off weighs no more than that.
func ranks(values []float32) []float32 {
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch x, y := values[a], values[b]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	out := make([]float32, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		r := float32(i+j-1)/2/float32(max(1, len(values)-1)) - 0.5
		for ; i < j; i++ {
			out[order[i]] = r
		}
	}
	return out
}

// spearman is the correlation of ranks over the places where x is there.
func spearman(x, y []float32) float64 {
	var a, b []float32
	for i, v := range x {
		if v == v {
			a, b = append(a, v), append(b, y[i])
		}
	}
	a, b = ranks(a), ranks(b)
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
