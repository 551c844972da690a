package host

import (
	"errors"
	"fmt"
)

// Order is the order in which the threads of a block run between two rendezvous, and the blocks of a grid.
type Order uint32

// Orders. Shuffled draws the next thread anew each time, from Config.Seed.
const (
	Forward Order = iota
	Reversed
	Shuffled
)

func (o Order) String() string {
	switch o {
	case Forward:
		return "forward"
	case Reversed:
		return "reversed"
	case Shuffled:
		return "shuffled"
	}
	return fmt.Sprintf("Order(%d)", uint32(o))
}

// Config is what a device pretends to be.
type Config struct {
	// Order and Seed say how threads and blocks are ordered. Seed matters for Shuffled only.
	Order Order
	Seed  uint64
	// Multiprocessors of the device. Default 2. They only tell the engine how many blocks to launch: blocks run one after another.
	Multiprocessors int
	// SharedPerBlock is the most shared memory of a block in bytes, at most 256 KB. Default 232448, as of compute
	// capability 9.0. A multiprocessor has 1 KB more, and every block on it takes 1 KB for itself.
	SharedPerBlock int
	// MemoryBytes can be allocated in all. Default 1 GB.
	MemoryBytes int64
	// FailLaunch is the number of the launch, from 1, that loses the device. 0: none.
	FailLaunch int
}

// Limits of a device.
const (
	sharedMost     = 256 << 10
	sharedDefault  = 232448
	sharedReserved = 1 << 10
	threadsMost    = 1024
	threadsPerMP   = 2048
	blocksPerMP    = 32
	memoryDefault  = 1 << 30
	// pendingMost launches are under way before Launch waits for the first.
	pendingMost = 64
)

func (c *Config) complete() error {
	if c.Multiprocessors == 0 {
		c.Multiprocessors = 2
	}
	if c.SharedPerBlock == 0 {
		c.SharedPerBlock = sharedDefault
	}
	if c.MemoryBytes == 0 {
		c.MemoryBytes = memoryDefault
	}
	var errs []error
	if c.Order > Shuffled {
		errs = append(errs, fmt.Errorf("order %d: unknown", c.Order))
	}
	if c.Multiprocessors < 0 {
		errs = append(errs, fmt.Errorf("%d multiprocessors: must be positive", c.Multiprocessors))
	}
	if c.SharedPerBlock < 0 || c.SharedPerBlock > sharedMost {
		errs = append(errs, fmt.Errorf("%d bytes of shared memory: must be in [0, %d]", c.SharedPerBlock, sharedMost))
	}
	if c.MemoryBytes < 0 {
		errs = append(errs, fmt.Errorf("%d bytes of memory: must be positive", c.MemoryBytes))
	}
	if c.FailLaunch < 0 {
		errs = append(errs, fmt.Errorf("launch %d fails: must be positive", c.FailLaunch))
	}
	return errors.Join(errs...)
}
