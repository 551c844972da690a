package olap

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config configures a Recorder.
type Config struct {
	// Dir is the spool's folder; it is created. One process at a time may use it.
	Dir string

	// MaxBytes bounds the spool. When it is reached, Record refuses rows with ErrSpoolFull and
	// counts them as dropped. Default 256 MiB, min 16 MiB.
	MaxBytes int64

	// BatchRows is the most rows of one Write. Default 256, min 1.
	BatchRows int

	// RetryMin and RetryMax are the first and the longest wait before a sink that failed is tried
	// again; it doubles in between. Default 200 ms and 30 s.
	RetryMin, RetryMax time.Duration

	// FlushTimeout is how long Run goes on delivering after its context is done. Default 2 s.
	FlushTimeout time.Duration

	// Log receives failures of sinks and damage of the spool. Default none.
	Log *slog.Logger
}

// DefaultConfig returns the defaults for a spool in dir.
func DefaultConfig(dir string) Config {
	return Config{
		Dir: dir, MaxBytes: 256 << 20, BatchRows: 256,
		RetryMin: 200 * time.Millisecond, RetryMax: 30 * time.Second, FlushTimeout: 2 * time.Second,
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("dir: must not be empty"))
	}
	if c.MaxBytes < 16<<20 {
		errs = append(errs, fmt.Errorf("max_bytes %d: must be at least 16 MiB", c.MaxBytes))
	}
	if c.BatchRows < 1 {
		errs = append(errs, fmt.Errorf("batch_rows %d: must be at least 1", c.BatchRows))
	}
	if c.RetryMin <= 0 || c.RetryMax < c.RetryMin {
		errs = append(errs, fmt.Errorf("retry %v to %v: must be positive and in order", c.RetryMin, c.RetryMax))
	}
	if c.FlushTimeout < 0 {
		errs = append(errs, fmt.Errorf("flush_timeout %v: must not be negative", c.FlushTimeout))
	}
	return errors.Join(errs...)
}
