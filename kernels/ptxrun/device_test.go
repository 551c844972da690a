package ptxrun

import (
	"context"
	"encoding/binary"
	"testing"

	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

// device runs one module's text, which messages call test.ptx.
func device(t *testing.T, text string, o Options, c host.Config) *host.Device {
	t.Helper()
	m, err := Parse("test.ptx", text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := host.Start(context.WithoutCancel(t.Context()), build(t, []*Module{m}, o), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func give(t *testing.T, d *host.Device, b []byte) kernels.Memory {
	t.Helper()
	m, err := d.Alloc(int64(len(b)))
	if err == nil {
		err = d.Upload(m, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func launch(t *testing.T, d *host.Device, kernel string, grid, threads, shared int, args []byte) {
	t.Helper()
	if err := d.Launch(kernel, grid, threads, shared, args); err != nil {
		t.Fatal(err)
	}
}

func addresses(m ...kernels.Memory) []byte {
	var b []byte
	for _, v := range m {
		b = binary.NativeEndian.AppendUint64(b, uint64(v))
	}
	return b
}
