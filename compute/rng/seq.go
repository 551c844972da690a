package rng

// Seq draws from a stream one after another. It is the form for search code, which has no natural index for a draw;
// training uses Stream. A Seq is not safe for concurrent use.
type Seq struct {
	stream Stream
	next   uint32
}

// NewSeq returns the draws of a stream from index 0 on.
func NewSeq(key Key, purpose Purpose, step uint32) *Seq {
	return &Seq{stream: New(key, purpose, step)}
}

// index returns the index of the next draw.
func (q *Seq) index() uint32 {
	i := q.next
	q.next++
	return i
}

// Uint32 returns the next draw as 32 uniform bits.
func (q *Seq) Uint32() uint32 { return q.stream.Uint32(q.index()) }

// Uniform returns the next draw as a multiple of 2⁻²⁴ in [0, 1).
func (q *Seq) Uniform() float32 { return q.stream.Uniform(q.index()) }

// Intn returns the next draw as an integer uniform in [0, n). It panics unless 1 ≤ n < 2³².
func (q *Seq) Intn(n int) int {
	if n < 1 || int64(n) >= 1<<32 {
		panic("rng: Intn of an empty or too large range")
	}
	return int(q.stream.Intn(q.index(), uint32(n)))
}

// Normal returns the next draw as a standard normal number.
func (q *Seq) Normal() float32 { return q.stream.Normal(q.index()) }

// Perm returns a random permutation of [0, n) by Fisher and Yates, last position first: n−1 draws.
func (q *Seq) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := q.Intn(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}
