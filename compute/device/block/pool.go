package block

import (
	"errors"
	"math/bits"
	"unsafe"

	"doin.network/node/kernels"
)

// pool hands out the device's memory in pieces of a few sizes, cut from larger allocations, and takes them back. The
// device's own allocations are slow, and a population needs thousands of the same size. A piece that is freed may be handed
// out to another queue: whoever frees it has waited for what used it.
type pool struct {
	device Device
	pieces map[int64][]kernels.Memory
	owners map[kernels.Memory]*slab // of every piece
	taken  map[kernels.Memory]bool
	slabs  map[int64][]*slab // by the size of the pieces
	// used is what the slabs hold, at most limit.
	used, limit int64
	// reclaim gives back something that is not needed at the moment, and reports whether there was such a thing.
	reclaim func() bool
}

// slab is one allocation of the device, cut into pieces.
type slab struct {
	at    kernels.Memory
	size  int64 // of a piece
	count int64 // of pieces
	taken int64
}

func newPool(d Device, limit int64) *pool {
	return &pool{
		device: d, limit: limit, pieces: map[int64][]kernels.Memory{}, owners: map[kernels.Memory]*slab{},
		taken: map[kernels.Memory]bool{}, slabs: map[int64][]*slab{},
	}
}

const (
	minPiece = 256
	slabSize = 16 << 20 // a slab of more than one piece is not larger
)

// sizeClass rounds up to an eighth of a power of two, so that at most a ninth of a piece is lost.
func sizeClass(bytes int64) int64 {
	if bytes <= minPiece {
		return minPiece
	}
	step := max(int64(minPiece), int64(1)<<max(0, bits.Len64(uint64(bytes-1))-4))
	return (bytes + step - 1) / step * step
}

// alloc returns memory for so many bytes; kernels.ErrMemory where there is none.
func (p *pool) alloc(bytes int64) (kernels.Memory, error) {
	size := sizeClass(bytes)
	for len(p.pieces[size]) == 0 {
		err := p.grow(size)
		if err == nil {
			break
		}
		if !errors.Is(err, kernels.ErrMemory) {
			return 0, err
		}
		if shrunk, failed := p.shrink(); failed != nil {
			return 0, failed
		} else if !shrunk && (p.reclaim == nil || !p.reclaim()) {
			return 0, err
		}
	}
	list := p.pieces[size]
	m := list[len(list)-1]
	p.pieces[size] = list[:len(list)-1]
	p.taken[m] = true
	p.owners[m].taken++
	return m, nil
}

// grow adds a slab of pieces of one size: as many as there are already, so that sizes that are rare take little.
func (p *pool) grow(size int64) error {
	count := int64(1)
	for _, s := range p.slabs[size] {
		count += s.count
	}
	count = max(1, min(count, slabSize/size))
	for ; ; count /= 2 {
		err := error(kernels.ErrMemory)
		var m kernels.Memory
		if p.used+count*size <= p.limit {
			m, err = p.device.Alloc(count * size)
		}
		if err == nil {
			s := &slab{at: m, size: size, count: count}
			p.used += count * size
			p.slabs[size] = append(p.slabs[size], s)
			for i := count - 1; i >= 0; i-- {
				piece := m + kernels.Memory(i*size)
				p.owners[piece] = s
				p.pieces[size] = append(p.pieces[size], piece)
			}
			return nil
		}
		if !errors.Is(err, kernels.ErrMemory) || count == 1 {
			return err
		}
	}
}

// shrink gives the slabs back of which no piece is taken, and reports whether there were any.
func (p *pool) shrink() (bool, error) {
	var errs []error
	freed := false
	for size, slabs := range p.slabs {
		kept := slabs[:0]
		for _, s := range slabs {
			if s.taken > 0 {
				kept = append(kept, s)
				continue
			}
			freed = true
			p.used -= s.count * s.size
			for i := range s.count {
				delete(p.owners, s.at+kernels.Memory(i*size))
			}
			errs = append(errs, p.device.Free(s.at))
		}
		if len(kept) == len(slabs) {
			continue
		}
		p.slabs[size] = kept
		var free []kernels.Memory
		for _, m := range p.pieces[size] {
			if p.owners[m] != nil {
				free = append(free, m)
			}
		}
		p.pieces[size] = free
	}
	return freed, errors.Join(errs...)
}

// free takes a piece back; 0 is none.
func (p *pool) free(m kernels.Memory) {
	if !p.taken[m] {
		return
	}
	delete(p.taken, m)
	s := p.owners[m]
	s.taken--
	p.pieces[s.size] = append(p.pieces[s.size], m)
}

// upload returns new memory with a copy of some bytes.
func (p *pool) upload(q kernels.Queue, b []byte) (kernels.Memory, error) {
	m, err := p.alloc(int64(len(b)))
	if err != nil {
		return 0, err
	}
	if err := q.Upload(m, b); err != nil {
		p.free(m)
		return 0, err
	}
	return m, nil
}

// close gives everything back to the device.
func (p *pool) close() error {
	var errs []error
	for _, slabs := range p.slabs {
		for _, s := range slabs {
			errs = append(errs, p.device.Free(s.at))
		}
	}
	p.slabs, p.pieces, p.owners, p.taken, p.used = nil, nil, nil, nil, 0
	return errors.Join(errs...)
}

// bytesOf returns the bytes of a slice of numbers, or of structs that hold nothing but numbers without padding, as they
// are in memory: little-endian on every machine that has a device.
func bytesOf[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}
