package host

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"doin.network/node/kernels"
)

// What a kernel does wrong loses the device, with a message that says what it was.
func TestFaults(t *testing.T) {
	f := func(flavour string, kind uint32, want ...string) {
		t.Helper()
		t.Run(fmt.Sprintf("%s/%d", flavour, kind), func(t *testing.T) {
			d := start(t, flavours()[flavour], Config{Order: Shuffled, Seed: 3})
			out := alloc(t, d, 64)
			if err := d.Upload(out, make([]byte, 256)); err != nil {
				t.Fatal(err)
			}
			err := run(d, "faults", 1, 64, 256, faultArgs(out, kind))
			if !errors.Is(err, kernels.ErrLost) {
				t.Fatalf("error %v, want ErrLost", err)
			}
			for _, w := range want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %v, want one with %q", err, w)
				}
			}
		})
	}
	source, err := os.ReadFile("testdata/faults.cu")
	if err != nil {
		t.Fatal(err)
	}
	// at is the line so many below that of a case.
	at := func(kind, below int) string {
		before, _, _ := strings.Cut(string(source), fmt.Sprintf("case %d:", kind))
		return fmt.Sprintf("faults.cu:%d", strings.Count(before, "\n")+1+below)
	}
	for _, flavour := range []string{"O3", "O0", "check"} {
		f(flavour, 0, "divergence", "24 ended", "40 wait at __syncthreads", at(0, 2))
		f(flavour, 1, "divergence", at(1, 2), at(1, 4))
		f(flavour, 2, "divergence", "31 wait at __syncwarp", "1 wait at __syncthreads")
		f(flavour, 3, "mask 0000ffff", "full warps")
		f(flavour, 4, "divergence", at(4, 2), at(4, 4))
		f(flavour, 8)
		f(flavour, 9)
	}
	f("O3", 5, "byte 256 of shared memory was written")
	f("O3", 8, "illegal address")
	f("O3", 9, "stack overflow")
	f("check", 5, "AddressSanitizer")
	f("check", 6, "AddressSanitizer")
	f("check", 7, "AddressSanitizer")
	f("check", 10, "misaligned address")
	f("check", 11, "signed integer overflow")
	for _, flavour := range []string{"O3", "O0", "check", "races"} {
		d := start(t, flavours()[flavour], Config{})
		if err := run(d, "faults", 1, 64, 256, faultArgs(alloc(t, d, 64), 12)); err != nil {
			t.Errorf("%s: a kernel without a fault: %v", flavour, err)
		}
	}
}

func faultArgs(out kernels.Memory, kind uint32) []byte {
	return append(words(uint32(out), uint32(out>>32), kind), 0, 0, 0, 0)
}

// Races are found in every order, whatever the values.
func TestRaces(t *testing.T) {
	f := func(kernel string, grid int, want ...string) {
		t.Helper()
		for _, o := range orders {
			t.Run(fmt.Sprintf("%s/%v-%d", kernel, o.order, o.seed), func(t *testing.T) {
				d := start(t, flavours()["races"], Config{Order: o.order, Seed: o.seed})
				err := run(d, kernel, grid, 64, 256, args(alloc(t, d, 256), 0, 0))
				if !errors.Is(err, kernels.ErrLost) || !strings.Contains(err.Error(), "race") {
					t.Fatalf("error %v, want a race", err)
				}
				for _, w := range want {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error %v, want one with %q", err, w)
					}
				}
			})
		}
	}
	f("tree_planted", 1, "of the shared memory")
	f("silent_planted", 1, "of the shared memory")
	f("neighbour_planted", 1, "of the shared memory")
	f("warps_planted", 1, "of the shared memory")
	f("blocks_planted", 2, "of the global memory", "of block")
}
