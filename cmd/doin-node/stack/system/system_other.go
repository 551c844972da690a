//go:build !linux

package system

// Lacks returns what the program does not do on this system, "" where it is tested.
func Lacks() string {
	return "GPUs, the memory limit of workers, a word before the disk is full or the clock is off, and the end of a worker whose node was killed"
}

func diskOf(string) (d Disk, ok bool) { return d, false }

// ClockKept is not told here.
func ClockKept() (kept, ok bool) { return false, false }
