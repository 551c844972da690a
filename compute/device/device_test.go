package device

import (
	"errors"
	"testing"
)

func TestParseName(t *testing.T) {
	f := func(name string, kind Kind, ordinal int) {
		t.Helper()
		k, n, err := ParseName(name)
		if k != kind || n != ordinal || (err == nil) != (kind != "") || err != nil && !errors.Is(err, ErrChoice) {
			t.Errorf("ParseName(%q) = %q, %d, %v, want %q, %d", name, k, n, err, kind, ordinal)
		}
	}
	f("cpu", CPU, 0)
	f("cuda:0", CUDA, 0)
	f("cuda:12", CUDA, 12)
	f("cuda:255", CUDA, 255)
	for _, bad := range []string{"", "auto", "CPU", "cuda", "cuda:", "cuda:-1", "cuda:+1", "cuda:01", "cuda: 1", "cuda:256", "cuda:99999999999999999999", "0", "cpu:0"} {
		f(bad, "", 0)
	}
}

func TestInfoString(t *testing.T) {
	f := func(i Info, want string) {
		t.Helper()
		if got := i.String(); got != want {
			t.Errorf("%+v = %q, want %q", i, got, want)
		}
	}
	f(Info{Kind: CPU, Name: "amd64, 8 threads, avx2"}, "cpu (amd64, 8 threads, avx2)")
	card := Info{Kind: CUDA, Name: "NVIDIA H200", MemoryBytes: 3 << 29, Ordinal: 1, Capability: "9.0", Driver: "535.104.05", CUDA: "12.2"}
	f(card, "cuda:1 NVIDIA H200 (1.5 GiB, compute capability 9.0, driver 535.104.05, CUDA 12.2)")
	card.Driver = ""
	f(card, "cuda:1 NVIDIA H200 (1.5 GiB, compute capability 9.0, CUDA 12.2)")
}
