package block

import (
	"fmt"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels/host"
)

// TestCommitted trains every committed task with every kernel: in each order of threads and blocks, with quanta that cut
// segments and validations anywhere, in one block or several, and in any order of the population.
func TestCommitted(t *testing.T) {
	names, tasks, roots := committed(t)
	d := start(t, fast, host.Config{})
	for i, c := range []struct {
		options Options
		order   host.Order
	}{
		{Options{Variant: Narrow}, host.Forward},
		{Options{Variant: Wide, StepsPerLaunch: 7}, host.Reversed},
		{Options{Variant: Streamed, StepsPerLaunch: 3, Shuffle: 1, Lanes: 3}, host.Shuffled},
		{Options{Variant: Narrow, StepsPerLaunch: 1, Blocks: 1, Shuffle: 2}, host.Shuffled},
		{Options{Variant: Wide, Blocks: 3, Lanes: 4}, host.Shuffled},
	} {
		t.Run(fmt.Sprintf("%s,quantum=%d,order=%v", c.options.Variant, c.options.StepsPerLaunch, c.order), func(t *testing.T) {
			if testing.Short() && i > 2 {
				t.Skip("short")
			}
			if err := d.Reorder(c.order, uint64(i)); err != nil {
				t.Fatal(err)
			}
			compare(t, engine(t, d, c.options), names, tasks, roots)
		})
	}
}

// TestCommittedChecked trains them under what finds accesses that happen to do no harm.
func TestCommittedChecked(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	names, tasks, roots := committed(t)
	for name, build := range map[string]host.Options{"sanitized": sanitized, "raced": raced} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t, build, host.Config{Order: host.Shuffled, Seed: 5})
			for i, v := range []Variant{Narrow, Wide, Streamed} {
				var some []string
				var part []nn.Task
				for j := range names {
					if i == 0 || j%5 == i { // the kernels differ in their tiles; the layers are the same
						some, part = append(some, names[j]), append(part, tasks[j])
					}
				}
				compare(t, engine(t, d, Options{Variant: v}), some, part, roots)
			}
		})
	}
}

// TestShared trains them where shared memory is short: gradients move to the workspace, and then whole models.
func TestShared(t *testing.T) {
	names, tasks, roots := committed(t)
	for _, bytes := range []int{8 << 10, 16 << 10, 48 << 10} {
		d := start(t, fast, host.Config{SharedPerBlock: bytes, Order: host.Shuffled, Seed: 9})
		e := engine(t, d, Options{})
		compare(t, e, names, tasks, roots)
		kinds := map[string]int{}
		for _, m := range e.models.all {
			kind := m.name
			for _, o := range m.ops {
				if o.Flags&4 != 0 {
					kind += " with gradients in the workspace"
					break
				}
			}
			kinds[kind]++
		}
		t.Logf("%d bytes: %v", bytes, kinds)
		if len(kinds) < 2 {
			t.Errorf("with %d bytes of shared memory only %v", bytes, kinds)
		}
	}
}
