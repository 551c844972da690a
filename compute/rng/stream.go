package rng

// Stream is the sequence of draws of one key, purpose and step. It is a plain value: copies are the same stream, and
// nothing about it changes when it is drawn from. Draw i is word i mod 4 of the block with the counter
// (purpose, step, i div 4, attempt); the attempt is 0 except after a rejection.
type Stream struct {
	Key     Key
	Purpose Purpose
	Step    uint32
}

// New returns the stream of a key, purpose and step.
func New(key Key, purpose Purpose, step uint32) Stream {
	return Stream{Key: key, Purpose: purpose, Step: step}
}

// word is draw i of an attempt.
func (s Stream) word(i, attempt uint32) uint32 {
	return Block(s.Key, [4]uint32{uint32(s.Purpose), s.Step, i / 4, attempt})[i%4]
}

// Uint32 returns draw i: 32 uniform bits.
func (s Stream) Uint32(i uint32) uint32 { return s.word(i, 0) }

// Uniform returns draw i as a multiple of 2⁻²⁴ in [0, 1): (u >> 8)·2⁻²⁴, exactly.
func (s Stream) Uniform(i uint32) float32 { return uniform(s.word(i, 0)) }

func uniform(u uint32) float32 { return float32(float32(u>>8) * 0x1p-24) }

// Intn returns draw i as an integer uniform in [0, n): the high word of u·n, where a low word below 2³² mod n rejects
// the attempt and the next is made. It panics if n is 0.
func (s Stream) Intn(i, n uint32) uint32 {
	if n == 0 {
		panic("rng: Intn of an empty range")
	}
	for attempt := uint32(0); ; attempt++ {
		m := uint64(s.word(i, attempt)) * uint64(n)
		if low := uint32(m); low >= n || low >= -n%n {
			return uint32(m >> 32)
		}
	}
}

// Normal returns draw i as a standard normal number: the quantile of (2·(u>>9) + 1)·2⁻²⁴, which lies strictly between 0
// and 1 and symmetric about ½. |Normal| ≤ 5.3. See Quantile for its error.
func (s Stream) Normal(i uint32) float32 { return normal(s.word(i, 0)) }

func normal(u uint32) float32 { return Quantile(float32(u>>9<<1|1) * 0x1p-24) }
