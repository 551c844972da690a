package island

import "maps"

// memory counts tries by hash. It holds two halves: what was set lately, and what was set before that half was full. A
// count that nobody asks for or sets while one half fills is forgotten with the older one.
type memory struct{ tries, older map[string]int }

// half bounds one half.
const half = MaxRemembered / 2

func newMemory() memory { return memory{tries: map[string]int{}, older: map[string]int{}} }

// of returns the count, 0 for what is not remembered.
func (m *memory) of(hash string) int {
	if n, ok := m.tries[hash]; ok {
		return n
	}
	n, ok := m.older[hash]
	if ok {
		m.set(hash, n) // asked for: worth remembering longer
	}
	return n
}

// set sets the count.
func (m *memory) set(hash string, n int) {
	if _, ok := m.tries[hash]; !ok && len(m.tries) >= half {
		m.tries, m.older = map[string]int{}, m.tries
	}
	m.tries[hash] = n
}

func (m *memory) copy() map[string]int { return maps.Clone(m.tries) }

func (m *memory) copyOlder() map[string]int { return maps.Clone(m.older) }

// restoreMemory returns one with copies of both halves, each up to its bound, counts in [0, MaxTries].
func restoreMemory(tries, older map[string]int) memory {
	m := newMemory()
	fill := func(to, from map[string]int) {
		for hash, n := range from {
			if len(to) >= half {
				return
			}
			to[hash] = min(max(n, 0), MaxTries)
		}
	}
	fill(m.tries, tries)
	fill(m.older, older)
	return m
}
