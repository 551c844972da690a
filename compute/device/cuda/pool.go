package cuda

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/kernels"
)

// block is memory [at, at+size).
type block struct {
	at   kernels.Memory
	size int64 // a class
}

// pool keeps freed blocks for allocations of the same class, since the driver's calls wait for the device. It is not safe
// for concurrent use. Blocks go back to their maker when more than limit bytes are idle, the longest idle first, and all
// of them when the maker has no memory left.
//
// A block may be reused while a launch of the device's own queue that was given it still runs: what that queue does to it next
// comes after. Whoever frees a block has waited for the other queues.
type pool struct {
	alloc func(bytes int64) (kernels.Memory, error)
	free  func(kernels.Memory) error
	limit int64

	live      []block // allocated, by address
	idle      []block // freed, the longest idle first
	liveBytes int64
	idleBytes int64
}

// get returns a block of at least bytes bytes; 0 gets the smallest. It returns alloc's error, after a second try with
// nothing idle if that wraps kernels.ErrMemory.
func (p *pool) get(bytes int64) (kernels.Memory, error) {
	if bytes < 0 {
		return 0, fmt.Errorf("%w: %d bytes", ErrAddress, bytes)
	}
	if bytes > maxBytes {
		return 0, fmt.Errorf("%w: %d bytes", kernels.ErrMemory, bytes)
	}
	size := classOf(bytes)
	for i, b := range slices.Backward(p.idle) {
		if b.size == size {
			p.idle = slices.Delete(p.idle, i, i+1)
			p.idleBytes -= size
			p.add(b)
			return b.at, nil
		}
	}
	m, err := p.alloc(size)
	if err != nil && p.idleBytes > 0 && errors.Is(err, kernels.ErrMemory) {
		if err := p.trim(0); err != nil {
			return 0, err
		}
		m, err = p.alloc(size)
	}
	if err != nil {
		return 0, err
	}
	p.add(block{m, size})
	return m, nil
}

// add puts b among the live.
func (p *pool) add(b block) {
	i, _ := p.find(b.at)
	p.live = slices.Insert(p.live, i, b)
	p.liveBytes += b.size
}

// find returns where a live block at m is, or would be.
func (p *pool) find(m kernels.Memory) (int, bool) {
	return slices.BinarySearchFunc(p.live, m, func(b block, m kernels.Memory) int {
		switch {
		case b.at < m:
			return -1
		case b.at > m:
			return 1
		}
		return 0
	})
}

// put takes a block back. What is not a live block, one freed before included, is ErrAddress.
func (p *pool) put(m kernels.Memory) error {
	i, ok := p.find(m)
	if !ok {
		return fmt.Errorf("%w: free of %#x", ErrAddress, uint64(m))
	}
	b := p.live[i]
	p.live = slices.Delete(p.live, i, i+1)
	p.liveBytes -= b.size
	if b.size > p.limit {
		return p.free(m)
	}
	err := p.trim(p.limit - b.size)
	p.idle = append(p.idle, b)
	p.idleBytes += b.size
	return err
}

// trim frees idle blocks until at most keep bytes are idle.
func (p *pool) trim(keep int64) error {
	var errs []error
	for p.idleBytes > keep {
		b := p.idle[0]
		p.idle = slices.Delete(p.idle, 0, 1)
		p.idleBytes -= b.size
		errs = append(errs, p.free(b.at))
	}
	return errors.Join(errs...)
}

// check returns ErrAddress unless bytes bytes from m lie in one live block.
func (p *pool) check(m kernels.Memory, bytes int) error {
	i, ok := p.find(m)
	if !ok {
		i-- // the block that begins below m
	}
	if i >= 0 {
		b := p.live[i]
		if at := m - b.at; uint64(at) <= uint64(b.size) && uint64(bytes) <= uint64(b.size)-uint64(at) {
			return nil
		}
	}
	return fmt.Errorf("%w: %d bytes at %#x", ErrAddress, bytes, uint64(m))
}

// close frees everything, and returns ErrLeak if anything was live.
func (p *pool) close() error {
	errs := []error{p.trim(0)}
	if len(p.live) > 0 {
		errs = append(errs, fmt.Errorf("%w: %d bytes in %d blocks", ErrLeak, p.liveBytes, len(p.live)))
	}
	for _, b := range p.live {
		errs = append(errs, p.free(b.at))
	}
	p.live, p.liveBytes = nil, 0
	return errors.Join(errs...)
}
