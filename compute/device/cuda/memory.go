package cuda

import (
	"fmt"

	"doin.network/node/kernels"
)

// pieceBytes is the size of a staging buffer: long enough that a copy runs at the bus's speed, short enough that copying
// it on the host overlaps with the device's copy of the one before.
const pieceBytes = 2 << 20

// Alloc returns memory of at least bytes bytes, 256-byte aligned, of undefined content; 0 bytes gets a block as well. It
// returns an error that wraps kernels.ErrMemory when there is not enough. Blocks are kept when freed, and handed out again.
func (d *Device) Alloc(bytes int64) (m kernels.Memory, err error) {
	err = d.do("Alloc", func() error {
		d.shared.Lock()
		defer d.shared.Unlock()
		m, err = d.pool.get(bytes)
		return d.within("Alloc", err)
	})
	return m, err
}

// Free gives memory back that Alloc returned; of 0 it does nothing. It need not be waited for the launches before it on the
// device's own queue, which may still use the memory; it must for those on the others. What is no allocation, or no longer, is ErrAddress.
func (d *Device) Free(m kernels.Memory) error {
	if m == 0 {
		return nil
	}
	return d.do("Free", func() error {
		d.shared.Lock()
		defer d.shared.Unlock()
		return d.within("Free", d.pool.put(m))
	})
}

// within adds the device to an error of this package; those of the driver have it.
func (d *Device) within(call string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*Error); ok {
		return err
	}
	return &Error{Call: call, Device: d.inf.label(), Err: err}
}

// rawAlloc and rawFree are what the pool stands on.
func (d *Device) rawAlloc(bytes int64) (kernels.Memory, error) {
	m, err := d.driver.alloc(bytes)
	if err == nil {
		return m, nil
	}
	detail := fmt.Sprintf("%d bytes", bytes)
	if free, e := d.driver.freeBytes(); e == nil {
		detail += fmt.Sprintf(", %d of %d free", free, d.inf.TotalBytes)
	}
	return 0, d.fail("cuMemAlloc", d.running, detail, err)
}

func (d *Device) rawFree(m kernels.Memory) error {
	return d.fail("cuMemFree", d.running, "", d.driver.free(m))
}

// Available is how much memory could be allocated at most: the device's free memory and what Free has kept. Blocks are
// rounded up and memory may be fragmented, so an Alloc of all of it can fail.
func (d *Device) Available() (bytes int64, err error) {
	err = d.do("Available", func() error {
		d.shared.Lock()
		defer d.shared.Unlock()
		bytes, err = d.driver.freeBytes()
		bytes += d.pool.idleBytes
		return d.fail("cuMemGetInfo", d.running, "", err)
	})
	return bytes, err
}

// Upload copies from into the device's memory at to, which may lie within an allocation, after the launches before it, and
// waits; it returns their error. Bytes outside of one allocation are ErrAddress.
func (q *Stream) Upload(to kernels.Memory, from []byte) error {
	return q.do("Upload", func() error {
		if err := q.check("Upload", to, len(from)); err != nil || len(from) == 0 {
			return err
		}
		err := inPieces(len(from), pieceBytes, slots, func(slot, i, j int) error {
			piece := q.staging[slot][:j-i]
			copy(piece, from[i:j])
			return q.sent(slot, "cuMemcpyHtoDAsync", q.driver.copyIn(to+kernels.Memory(i), piece))
		}, func(slot, _, _ int) error { return q.arrived(slot) })
		if err != nil {
			return err
		}
		return q.passedAll()
	})
}

// Download copies the device's memory at from, which may lie within an allocation, into to, after the launches before it,
// and waits; it returns their error. Bytes outside of one allocation are ErrAddress.
func (q *Stream) Download(to []byte, from kernels.Memory) error {
	return q.do("Download", func() error {
		if err := q.check("Download", from, len(to)); err != nil {
			return err
		}
		if len(to) == 0 {
			return q.wait()
		}
		err := inPieces(len(to), pieceBytes, slots, func(slot, i, j int) error {
			return q.sent(slot, "cuMemcpyDtoHAsync", q.driver.copyOut(q.staging[slot][:j-i], from+kernels.Memory(i)))
		}, func(slot, i, j int) error {
			if err := q.arrived(slot); err != nil {
				return err
			}
			copy(to[i:j], q.staging[slot])
			return nil
		})
		if err != nil {
			return err
		}
		return q.passedAll()
	})
}

// sent sets the slot's event behind the copy that call began, unless it failed.
func (q *Stream) sent(slot int, call string, err error) error {
	if err == nil {
		call, err = "cuEventRecord", q.driver.record(slot)
	}
	return q.fail(call, q.running, "", err)
}

// arrived waits for the slot's copy.
func (q *Stream) arrived(slot int) error {
	return q.fail("cuEventSynchronize", q.running, "", q.driver.wait(slot))
}

// check returns ErrAddress unless so many bytes lie in one allocation.
func (q *Stream) check(call string, m kernels.Memory, bytes int) error {
	d := q.device
	d.shared.Lock()
	defer d.shared.Unlock()
	return d.within(call, d.pool.check(m, bytes))
}
