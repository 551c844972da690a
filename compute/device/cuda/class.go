package cuda

import "math/bits"

const (
	align     = 256     // of every allocation, as cuMemAlloc aligns
	granule   = 2 << 20 // what the driver hands out physically
	maxBytes  = 1 << 46 // of one allocation: more than any card has, and far from overflow
	perDouble = 8       // size classes from one power of two to the next
)

// classOf is bytes rounded up to the size that a block for it has: a multiple of align, of an eighth of the power of two
// below, or of granule, whichever of the last two is smaller. At most an eighth is unused above 2 KiB, at most 2 MiB ever.
// 0 ≤ bytes ≤ maxBytes.
func classOf(bytes int64) int64 {
	step := int64(align)
	if bytes > align {
		below := int64(1) << (bits.Len64(uint64(bytes-1)) - 1)
		step = min(max(step, below/perDouble), granule)
	}
	return max(align, (bytes+step-1)/step*step)
}
