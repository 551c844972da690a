//go:build linux || darwin || freebsd

package store

import (
	"io/fs"
	"syscall"
)

// freeBytes returns the space that an ordinary user may still fill in dir.
func freeBytes(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// usedBytes returns what a file occupies: Badger's are sparse.
func usedBytes(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return info.Size()
}
