package rng

// Uniforms writes Uniform(first), Uniform(first+1), … to dst, four draws from each block.
func (s Stream) Uniforms(dst []float32, first uint32) {
	for i := 0; i < len(dst); {
		at := first + uint32(i)
		block := Block(s.Key, [4]uint32{uint32(s.Purpose), s.Step, at / 4, 0})
		for _, u := range block[at%4:] {
			if i == len(dst) {
				return
			}
			dst[i] = uniform(u)
			i++
		}
	}
}

// orderHalf is the largest half of a permutation whose round function is tabulated: those of up to 2¹⁸ numbers.
const orderHalf = 9

// Order gives the images of a permutation many at a time, several times as fast as one after another: the values of the
// round function are tabulated, of which there are only about √n, and the numbers that walk on are dealt with together.
// The zero value is of the empty permutation.
type Order struct {
	perm  Perm
	table [feistelRounds][1 << orderHalf]uint16
}

// Reset makes o the order of a permutation. It allocates nothing.
func (o *Order) Reset(p Perm) {
	o.perm = p
	if p.half > orderHalf {
		return
	}
	top := (32 - p.half) & 31
	for i, k := range p.keys {
		row := o.table[i][:1<<p.half]
		for x := range row {
			f := (uint32(x) ^ k) * feistelM0
			f ^= f >> feistelFold
			row[x] = uint16(f * feistelM1 >> top)
		}
	}
}

// fillBlock is how many images Fill computes together.
const fillBlock = 64

// Fill writes the images of first, first+1, … to dst. It panics if there are not so many.
func (o *Order) Fill(dst []uint32, first uint32) {
	n := o.perm.n
	if uint64(first)+uint64(len(dst)) > uint64(n) {
		panic("rng: permutation index out of range")
	}
	var at [fillBlock]uint8
	for len(dst) > 0 {
		block := dst[:min(len(dst), fillBlock)]
		for i := range block {
			block[i] = first + uint32(i)
		}
		o.encrypt(block)
		walking := 0
		for i, x := range block {
			at[walking%fillBlock] = uint8(i)
			if x >= n {
				walking++
			}
		}
		for walking > 0 { // the walk goes on for those that left [0, n)
			var w [fillBlock]uint32
			for j, i := range at[:walking] {
				w[j] = block[i]
			}
			o.encrypt(w[:walking])
			still := 0
			for j, i := range at[:walking] {
				block[i] = w[j]
				at[still] = i
				if w[j] >= n {
					still++
				}
			}
			walking = still
		}
		first += uint32(len(block))
		dst = dst[len(block):]
	}
}

// encrypt applies the network once to every element of x.
func (o *Order) encrypt(x []uint32) {
	if o.perm.half > orderHalf {
		for i, v := range x {
			x[i] = o.perm.encrypt(v)
		}
		return
	}
	const mask = 1<<orderHalf - 1
	half := o.perm.half & 31
	low := uint32(1)<<half - 1
	t := &o.table
	for i, v := range x {
		l, r := v>>half, v&low
		l ^= uint32(t[0][r&mask])
		r ^= uint32(t[1][l&mask])
		l ^= uint32(t[2][r&mask])
		r ^= uint32(t[3][l&mask])
		l ^= uint32(t[4][r&mask])
		r ^= uint32(t[5][l&mask])
		l ^= uint32(t[6][r&mask])
		r ^= uint32(t[7][l&mask])
		x[i] = l<<half | r
	}
}
