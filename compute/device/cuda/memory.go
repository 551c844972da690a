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
		m, err = d.pool.get(bytes)
		return d.within("Alloc", err)
	})
	return m, err
}

// Free gives memory back that Alloc returned; of 0 it does nothing. It need not be waited for the launches before it, which
// may still use the memory. What is no allocation, or no longer, is ErrAddress.
func (d *Device) Free(m kernels.Memory) error {
	if m == 0 {
		return nil
	}
	return d.do("Free", func() error { return d.within("Free", d.pool.put(m)) })
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
		bytes, err = d.driver.freeBytes()
		bytes += d.pool.idleBytes
		return d.fail("cuMemGetInfo", d.running, "", err)
	})
	return bytes, err
}

// Upload copies from into the device's memory at to, which may lie within an allocation, after the launches before it, and
// waits; it returns their error. Bytes outside of one allocation are ErrAddress.
func (d *Device) Upload(to kernels.Memory, from []byte) error {
	return d.do("Upload", func() error {
		if err := d.pool.check(to, len(from)); err != nil || len(from) == 0 {
			return d.within("Upload", err)
		}
		err := inPieces(len(from), pieceBytes, slots, func(slot, i, j int) error {
			piece := d.staging[slot][:j-i]
			copy(piece, from[i:j])
			return d.sent(slot, "cuMemcpyHtoDAsync", d.driver.copyIn(to+kernels.Memory(i), piece))
		}, func(slot, _, _ int) error { return d.arrived(slot) })
		if err != nil {
			return err
		}
		return d.passedAll()
	})
}

// Download copies the device's memory at from, which may lie within an allocation, into to, after the launches before it,
// and waits; it returns their error. Bytes outside of one allocation are ErrAddress.
func (d *Device) Download(to []byte, from kernels.Memory) error {
	return d.do("Download", func() error {
		if err := d.pool.check(from, len(to)); err != nil {
			return d.within("Download", err)
		}
		if len(to) == 0 {
			return d.wait()
		}
		err := inPieces(len(to), pieceBytes, slots, func(slot, i, j int) error {
			return d.sent(slot, "cuMemcpyDtoHAsync", d.driver.copyOut(d.staging[slot][:j-i], from+kernels.Memory(i)))
		}, func(slot, i, j int) error {
			if err := d.arrived(slot); err != nil {
				return err
			}
			copy(to[i:j], d.staging[slot])
			return nil
		})
		if err != nil {
			return err
		}
		return d.passedAll()
	})
}

// sent sets the slot's event behind the copy that call began, unless it failed.
func (d *Device) sent(slot int, call string, err error) error {
	if err == nil {
		call, err = "cuEventRecord", d.driver.record(slot)
	}
	return d.fail(call, d.running, "", err)
}

// arrived waits for the slot's copy.
func (d *Device) arrived(slot int) error {
	return d.fail("cuEventSynchronize", d.running, "", d.driver.wait(slot))
}
