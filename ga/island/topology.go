package island

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// Sources returns from whom the island self takes immigrants at an opening, in the order of members, which are the ids of
// all islands, ascending and without duplicates; self need not be among them. A fresh slice.
func (c *Config) Sources(self string, members []string, opening int64) []string {
	place, in := slices.BinarySearch(members, self)
	others := slices.Clone(members)
	if in {
		others = slices.Delete(others, place, place+1)
	}
	switch {
	case c.Topology == Isolated || len(others) == 0:
		return nil
	case c.Topology == Ring:
		return []string{others[(place+len(others)-1)%len(others)]}
	case c.Topology == Random && c.Degree < len(others):
		return lowest(others, c.Degree, self, opening)
	case c.Topology == Torus || c.Topology == Hypercube || c.Topology == SmallWorld:
		all := members
		if !in {
			all = slices.Insert(slices.Clone(members), place, self)
		}
		return named(all, place, c.neighbours(place, len(all), self, others))
	}
	return others
}

// neighbours returns the numbers of the islands around number i of n, in any order, perhaps i itself and some twice.
func (c *Config) neighbours(i, n int, self string, others []string) (out []int) {
	switch c.Topology {
	case Torus:
		rows := 1
		for r := 2; r*r <= n; r++ {
			if n%r == 0 {
				rows = r
			}
		}
		columns := n / rows
		row, column := i/columns, i%columns
		at := func(r, k int) int { return (r+rows)%rows*columns + (k+columns)%columns }
		return []int{at(row-1, column), at(row+1, column), at(row, column-1), at(row, column+1)}
	case Hypercube:
		for bit := 1; bit < n; bit <<= 1 {
			if j := i ^ bit; j < n {
				out = append(out, j)
			}
		}
		return out
	}
	far, _ := slices.BinarySearch(others, lowest(others, 1, self, 0)[0])
	if far >= i { // others is without self
		far++
	}
	return []int{(i + n - 1) % n, (i + 1) % n, far}
}

// named returns the ids of numbers, without self and each once, in the order of all.
func named(all []string, self int, numbers []int) (out []string) {
	slices.Sort(numbers)
	for _, j := range slices.Compact(numbers) {
		if j != self {
			out = append(out, all[j])
		}
	}
	return out
}

// lowest returns the n others whose hash with self and the opening is lowest, in their own order.
func lowest(others []string, n int, self string, opening int64) []string {
	hash := make(map[string][]byte, len(others))
	for _, id := range others {
		hash[id] = digest("source", self, opening, id)
	}
	drawn := slices.Clone(others)
	slices.SortFunc(drawn, func(a, b string) int { return bytes.Compare(hash[a], hash[b]) })
	drawn = drawn[:n]
	slices.Sort(drawn)
	return drawn
}

// draw returns a number in [0, n) that is a function of self and the opening; n is small.
func draw(n int, self string, opening int64) int {
	return int(binary.LittleEndian.Uint64(digest("draw", self, opening, "")) % uint64(n))
}

func digest(purpose, self string, opening int64, id string) []byte {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%s", purpose, self, opening, id))
	return h[:]
}
