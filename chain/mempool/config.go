package mempool

import (
	"errors"
	"fmt"
	"time"

	"doin.network/node/chain"
)

// Config bounds a Pool.
type Config struct {
	// MaxTx is the number of transactions held. Default 10,000, min 1.
	MaxTx int
	// MaxBytes is their size together, as JSON. Default 32 MiB, min 1.
	MaxBytes int64
	// MaxTxBytes is the size of one, as JSON. Default 256 KiB, min 1.
	MaxTxBytes int64
	// Window is the time over which an author's submissions are counted. Default 60 s, min 1 µs.
	Window time.Duration
	// MaxPerPeer is the number of transactions of one author in a window, those about optimae
	// not counted. Default 20, min 1.
	MaxPerPeer int
	// MaxOptimaePerPeer is the number of transactions about optimae of one author in a window.
	// Default 5, min 1.
	MaxOptimaePerPeer int
	// MaxPeers is the number of authors whose submissions are remembered; beyond it authors
	// that submitted nothing within the window are refused. Default 16,384, min 1.
	MaxPeers int
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{
		MaxTx: 10_000, MaxBytes: 32 << 20, MaxTxBytes: chain.MaxTxBytes,
		Window: time.Minute, MaxPerPeer: 20, MaxOptimaePerPeer: 5, MaxPeers: 16_384,
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c Config) Validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"max transactions", int64(c.MaxTx)}, {"max bytes", c.MaxBytes}, {"max transaction bytes", c.MaxTxBytes},
		{"window in µs", c.Window.Microseconds()}, {"max per peer", int64(c.MaxPerPeer)},
		{"max optimae per peer", int64(c.MaxOptimaePerPeer)}, {"max peers", int64(c.MaxPeers)},
	} {
		if f.value < 1 {
			errs = append(errs, fmt.Errorf("%s %d: must be at least 1", f.name, f.value))
		}
	}
	return errors.Join(errs...)
}
