package block

import (
	"cmp"
	"slices"
)

// buffer is a place in a block's memory for a while: from the first to the last instruction that names it.
type buffer struct {
	size, stride int
	first, last  int
	// in names a buffer whose place this one takes if that is still there to be had: at the same offset, although the
	// lives of the two meet in one instruction.
	in     []*buffer
	offset int
}

// touch extends the life of b to an instruction.
func (b *buffer) touch(at int) {
	if b.last < 0 {
		b.first = at
	}
	b.first, b.last = min(b.first, at), max(b.last, at)
}

// arrange gives every buffer an offset from base on, so that no two that live at once overlap, and returns the end of
// the memory. Buffers go in the order in which they come to life, the larger first, each to the lowest gap (first fit;
// for the interval orders that arise here it is close to the optimum).
func arrange(buffers []*buffer, base int) int {
	order := slices.Clone(buffers)
	slices.SortStableFunc(order, func(a, b *buffer) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.size, a.size))
	})
	end := base
	var placed []*buffer
	for _, b := range order {
		if !b.takes(placed) {
			b.offset = b.gap(placed, base)
		}
		placed = append(placed, b)
		end = max(end, b.offset+b.size)
	}
	return end
}

// together reports whether a and b live at once.
func together(a, b *buffer) bool { return a.first <= b.last && b.first <= a.last }

// takes places b where one of the buffers it may replace is, if nothing else is in the way.
func (b *buffer) takes(placed []*buffer) bool {
candidates:
	for _, old := range b.in {
		if old.last != b.first || b.size > old.size || !slices.Contains(placed, old) {
			continue
		}
		for _, p := range placed {
			if p != old && together(p, b) && p.offset < old.offset+b.size && old.offset < p.offset+p.size {
				continue candidates
			}
		}
		b.offset = old.offset
		return true
	}
	return false
}

// gap returns the lowest offset at which b overlaps none of those it lives with.
func (b *buffer) gap(placed []*buffer, base int) int {
	var busy []*buffer
	for _, p := range placed {
		if together(p, b) {
			busy = append(busy, p)
		}
	}
	slices.SortFunc(busy, func(a, b *buffer) int { return cmp.Compare(a.offset, b.offset) })
	at := base
	for _, p := range busy {
		if at+b.size <= p.offset {
			break
		}
		at = max(at, p.offset+p.size)
	}
	return at
}

// padded returns n rounded up to a multiple of 4 elements, 16 bytes.
func padded(n int) int { return (n + 3) &^ 3 }

// strideOf returns the stride of rows of n elements: four times an odd number, so that 16-byte accesses to neighbouring
// rows meet different banks.
func strideOf(n int) int {
	quads := (n + 3) / 4
	return 4 * (quads | 1)
}
