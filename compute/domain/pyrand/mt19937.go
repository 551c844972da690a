package pyrand

// mtLen and mtShift are the state length and the middle word offset of MT19937.
const (
	mtLen   = 624
	mtShift = 397
)

// mt19937 is the Mersenne Twister with the standard tempering.
type mt19937 struct {
	state [mtLen]uint32
	next  int // index of the next word; mtLen: regenerate first
}

// seedWord initialises the state from one word, as numpy's legacy seeding does.
func (m *mt19937) seedWord(seed uint32) {
	m.state[0] = seed
	for i := 1; i < mtLen; i++ {
		prev := m.state[i-1]
		m.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	m.next = mtLen
}

// seedArray initialises the state from a key of at least one word, as CPython does.
func (m *mt19937) seedArray(key []uint32) {
	m.seedWord(19650218)
	i, j := 1, 0
	for range max(mtLen, len(key)) {
		prev := m.state[i-1]
		m.state[i] = (m.state[i] ^ (prev^prev>>30)*1664525) + key[j] + uint32(j)
		i, j = i+1, j+1
		if i >= mtLen {
			m.state[0] = m.state[mtLen-1]
			i = 1
		}
		if j >= len(key) {
			j = 0
		}
	}
	for range mtLen - 1 {
		prev := m.state[i-1]
		m.state[i] = (m.state[i] ^ (prev^prev>>30)*1566083941) - uint32(i)
		i++
		if i >= mtLen {
			m.state[0] = m.state[mtLen-1]
			i = 1
		}
	}
	m.state[0] = 0x80000000
}

// uint32 returns the next tempered word.
func (m *mt19937) uint32() uint32 {
	if m.next >= mtLen {
		m.twist()
	}
	y := m.state[m.next]
	m.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// twist replaces the whole state by the next mtLen words.
func (m *mt19937) twist() {
	for i := range m.state {
		y := m.state[i]&0x80000000 | m.state[(i+1)%mtLen]&0x7fffffff
		v := m.state[(i+mtShift)%mtLen] ^ y>>1
		if y&1 != 0 {
			v ^= 0x9908b0df
		}
		m.state[i] = v
	}
	m.next = 0
}

// float64 returns a uniform double in [0, 1) made of 53 random bits.
func (m *mt19937) float64() float64 {
	a, b := m.uint32()>>5, m.uint32()>>6
	return float64(uint64(a)<<26+uint64(b)) / (1 << 53)
}
