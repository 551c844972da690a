package filesystem

import (
	"os"
	"syscall"
)

// magicOf asks the system.
func magicOf(path string) (uint32, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	return uint32(s.Type), nil // of 32 bits, in a field as wide as the machine's word
}
