package rng

import "math/bits"

// Constants of a permutation: its rounds, and the multipliers and the shift of the round function.
const (
	feistelRounds = 8
	feistelM0     = 0x9e3779b1
	feistelM1     = 0x85ebca77
	feistelFold   = 15
)

// Perm is a bijection of [0, n) in which any image is computed in O(1): a balanced Feistel network over the smallest
// domain of an even number of bits that holds n values, with cycle walking, that is applied again until the image lies
// below n (fewer than four times on average).
type Perm struct {
	n    uint32
	half uint32 // bits of one half, 1 … 16
	keys [feistelRounds]uint32
}

// Permutation returns the permutation of [0, n) of a key, purpose and step. Its round keys are draws 0 … 7 of that
// stream. n = 0 gives an empty permutation.
func Permutation(key Key, purpose Purpose, step, n uint32) Perm {
	p := Perm{n: n, half: 1}
	if n > 4 {
		p.half = uint32(bits.Len32(n-1)+1) / 2
	}
	s := New(key, purpose, step)
	for i := range feistelRounds / 4 {
		block := Block(s.Key, [4]uint32{uint32(s.Purpose), s.Step, uint32(i), 0})
		copy(p.keys[4*i:], block[:])
	}
	return p
}

// Network returns what the images are computed with: the bits of one half of a number, and the keys of the rounds.
func (p *Perm) Network() (half uint32, keys [feistelRounds]uint32) { return p.half, p.keys }

// Len returns n.
func (p *Perm) Len() uint32 { return p.n }

// At returns the image of i. It panics if i is not below n.
func (p *Perm) At(i uint32) uint32 {
	if i >= p.n {
		panic("rng: permutation index out of range")
	}
	for {
		if i = p.encrypt(i); i < p.n {
			return i
		}
	}
}

// encrypt applies the rounds (L, R) ← (R, L ⊕ F(R ⊕ key)) to the halves of x, the low half being R; F multiplies by an
// odd constant, folds the high half down and multiplies again, and keeps the top bits.
func (p *Perm) encrypt(x uint32) uint32 {
	l, r := x>>p.half, x&(1<<p.half-1)
	for _, k := range p.keys {
		f := (r ^ k) * feistelM0
		f ^= f >> feistelFold
		f *= feistelM1
		l, r = r, l^f>>(32-p.half)
	}
	return l<<p.half | r
}
