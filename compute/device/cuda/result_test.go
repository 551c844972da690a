package cuda

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"doin.network/node/compute/device"
	"doin.network/node/kernels"
)

func TestClassification(t *testing.T) {
	f := func(r Result, want error) {
		t.Helper()
		err := error(&Error{Call: "cuLaunchKernel", Kernel: "train_f32", Device: "cuda:1 Card", Err: r})
		for _, s := range []error{kernels.ErrMemory, kernels.ErrLost, device.ErrNoGPU} {
			if errors.Is(err, s) != (s == want) {
				t.Errorf("%v: errors.Is(%v) = %v", r, s, !(s == want))
			}
		}
		wants(t, err, r, "cuda:1 Card", "cuLaunchKernel of train_f32", r.Error())
		var e *Error
		if !errors.As(fmt.Errorf("round: %w", err), &e) || e.Kernel != "train_f32" {
			t.Errorf("%v: no *Error in %v", r, err)
		}
	}
	f(OutOfMemory, kernels.ErrMemory)
	for _, r := range []Result{4, 46, 201, 214, 220, IllegalAddress, 702, 709, 710, 714, 715, 716, 717, 718, 719, 810, 911, 999} {
		f(r, kernels.ErrLost)
	}
	for _, r := range []Result{NoDevice, 34, 101, InvalidImage, NoBinaryForGPU, InvalidPTX, 221, UnsupportedPTXVersion, 223, 802, 803, 804} {
		f(r, device.ErrNoGPU)
	}
	for _, r := range []Result{1, 304, 400, NotFound, 600, LaunchOutOfResources, 800, 801, 12345} {
		f(r, nil)
	}
}

func TestErrorsRead(t *testing.T) {
	e := &Error{Call: "cuModuleLoadDataEx", Device: "cuda:0 Card", Detail: "train.ptx: line 1", Err: UnsupportedPTXVersion}
	want := "cuda: cuda:0 Card: cuModuleLoadDataEx: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (the driver is too old for the kernels): train.ptx: line 1"
	if e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
	e = &Error{Call: "Free", Device: "cuda:0 Card", Err: ErrAddress}
	if want := "cuda: cuda:0 Card: Free: not allocated"; e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
	if got, want := Result(77777).Error(), "CUDA error 77777"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// foreign is like the type of gorgonia.org/cu.
type foreign int

func (foreign) Error() string { return "foreign" }

func TestAsResult(t *testing.T) {
	if err := asResult(nil); err != nil {
		t.Errorf("asResult(nil) = %v", err)
	}
	if err := asResult(fmt.Errorf("MemAlloc: %w", foreign(2))); err != OutOfMemory {
		t.Errorf("asResult of a wrapped number = %v, want OutOfMemory", err)
	}
	plain := errors.New("plain")
	if err := asResult(plain); err != plain {
		t.Errorf("asResult(plain) = %v", err)
	}
}

// TestNamesAreThoseOfTheHeader runs where a toolkit is installed.
func TestNamesAreThoseOfTheHeader(t *testing.T) {
	var header []byte
	for _, path := range []string{"/usr/local/cuda/include/cuda.h", "/usr/include/cuda.h"} {
		if b, err := os.ReadFile(path); err == nil {
			header = b
			break
		}
	}
	if header == nil {
		t.Skip("no cuda.h: no CUDA toolkit is installed")
	}
	found := make(map[string]Result)
	for _, m := range regexp.MustCompile(`CUDA_ERROR_([A-Z_]+)\s*=\s*(\d+)`).FindAllStringSubmatch(string(header), -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		found[m[1]] = Result(n)
	}
	for r, m := range meanings {
		if got, ok := found[m.name]; !ok || got != r {
			t.Errorf("%s is %d in the header (there: %v), %d in the table", m.name, got, ok, r)
		}
	}
}

func TestInPieces(t *testing.T) {
	for _, size := range []int{0, 1, 9, 10, 11, 20, 35} {
		for slots := 1; slots <= 3; slots++ {
			started, finished, most := 0, 0, 0
			busy := make(map[int]bool)
			err := inPieces(size, 10, slots, func(slot, from, to int) error {
				if busy[slot] || from != started || to <= from || to-from > 10 {
					t.Errorf("size %d: start(%d, %d, %d) after %d bytes, slot busy: %v", size, slot, from, to, started, busy[slot])
				}
				busy[slot], started = true, to
				most = max(most, started-finished)
				return nil
			}, func(slot, from, to int) error {
				if !busy[slot] || from != finished {
					t.Errorf("size %d: finish(%d, %d, %d) after %d bytes", size, slot, from, to, finished)
				}
				busy[slot], finished = false, to
				return nil
			})
			if err != nil || started != size || finished != size || most > 10*slots {
				t.Errorf("size %d, %d slots: started %d, finished %d, at most %d at once, %v", size, slots, started, finished, most, err)
			}
		}
	}
	broken := errors.New("broken")
	calls := 0
	stop := func(int, int, int) error { calls++; return broken }
	if err := inPieces(100, 10, 2, stop, stop); err != broken || calls != 1 {
		t.Errorf("inPieces = %v after %d calls, want the first error", err, calls)
	}
}
