package block

import (
	"errors"
	"testing"

	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

func TestSelfTest(t *testing.T) {
	for _, o := range []host.Options{fast, sanitized} {
		if err := SelfTest(start(t, o, host.Config{Order: host.Shuffled, Seed: 3})); err != nil {
			t.Error(err)
		}
	}
}

// lying is a device one of whose results has a wrong bit.
type lying struct {
	Device
	downloads, at int
}

func (d *lying) Download(to []byte, from kernels.Memory) error {
	err := d.Device.Download(to, from)
	if d.downloads++; d.downloads == d.at {
		to[4*76] ^= 1 // of (1, −1, 24929)
	}
	return err
}

func TestSelfTestFails(t *testing.T) {
	d := start(t, fast, host.Config{})
	for at := 1; at <= len(probes)+1; at++ {
		if err := SelfTest(&lying{Device: d, at: at}); !errors.Is(err, ErrSelfTest) {
			t.Errorf("with a wrong bit in answer %d: %v, want ErrSelfTest", at, err)
		}
	}
}
