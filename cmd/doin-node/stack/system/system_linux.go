package system

import (
	"syscall"

	"golang.org/x/sys/unix"

	"doin.network/node/internal/filesystem"
)

// Lacks returns what the program does not do on this system, "" where it is tested.
func Lacks() string { return "" }

func diskOf(path string) (d Disk, ok bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return d, false
	}
	network, err := filesystem.Network(path)
	return Disk{FreeBytes: int64(st.Bavail) * int64(st.Bsize), SizeBytes: int64(st.Blocks) * int64(st.Bsize),
		Network: network, ReadOnly: st.Flags&unix.ST_RDONLY != 0}, err == nil
}

// ClockKept reports whether the kernel says that something keeps its clock right; a container may not be told.
func ClockKept() (kept, ok bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, false
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, true
}
