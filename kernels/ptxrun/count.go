package ptxrun

import (
	"encoding/binary"
	"fmt"

	"doin.network/node/kernels/host"
)

// Count returns how often the warps of a launch began each of an entry's Blocks since the counters were last taken, summed
// over all launches, and clears the counters. Of the lanes of a warp the one that came most often counts: what a warp issues
// whose lanes run together wherever they can.
func Count(d *host.Device, e *Entry) (warps []uint64, err error) {
	blocks := len(e.Blocks())
	bytes := 4 * e.MaxThreads * blocks
	at, err := d.Alloc(int64(bytes))
	if err != nil {
		return nil, fmt.Errorf("ptxrun: count: %w", err)
	}
	defer func() {
		if failed := d.Free(at); err == nil {
			err = failed
		}
	}()
	args := binary.NativeEndian.AppendUint64(nil, uint64(at))
	args = binary.NativeEndian.AppendUint64(args, uint64(bytes))
	if err := d.Launch(CounterKernel(e.Name), 1, 1, 0, args); err != nil {
		return nil, fmt.Errorf("ptxrun: count: %w", err)
	}
	counts := make([]byte, bytes)
	if err := d.Download(counts, at); err != nil {
		return nil, fmt.Errorf("ptxrun: count: %w", err)
	}
	warps = make([]uint64, blocks)
	for w := 0; w < e.MaxThreads; w += 32 {
		for b := range warps {
			var most uint32
			for t := w; t < min(w+32, e.MaxThreads); t++ {
				most = max(most, binary.NativeEndian.Uint32(counts[4*(t*blocks+b):]))
			}
			warps[b] += uint64(most)
		}
	}
	return warps, nil
}
