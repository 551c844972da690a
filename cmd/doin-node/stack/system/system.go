// Package system asks the machine that a node runs on: room on its disks, what kind they are, whether its clock is kept, and which
// GPUs it shows. Everything is a reading of a moment; what the system does not tell is ok = false.
package system

import (
	"errors"
	"os"
	"path/filepath"
)

// Disk is the file system that a folder is on.
type Disk struct {
	// FreeBytes is what an ordinary user may still fill, of SizeBytes in all.
	FreeBytes, SizeBytes int64
	// Network names the kind of a file system that is another machine's, "" for a local one: locks of databases do not hold there.
	Network string
	// ReadOnly says that nothing can be written.
	ReadOnly bool
}

// DiskOf returns the file system of a path; the nearest folder above it that exists stands for what does not yet.
func DiskOf(path string) (d Disk, ok bool) {
	path, err := existing(path)
	if err != nil {
		return d, false
	}
	return diskOf(path)
}

// existing returns the nearest folder at or above path that exists.
func existing(path string) (string, error) {
	path, err := filepath.Abs(path)
	for err == nil {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		up := filepath.Dir(path)
		if up == path {
			return "", os.ErrNotExist
		}
		path = up
	}
	return "", err
}

// Size returns the bytes of a file, or of all files below a folder; 0 where there is nothing.
func Size(path string) (n int64) {
	_ = filepath.WalkDir(path, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // gone meanwhile, or not ours to see
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}

// Writable reports why no file can be made in the nearest existing folder of path; nil: one can.
func Writable(path string) error {
	path, err := existing(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(path, ".doin-write-test-*")
	if err != nil {
		return err
	}
	_, err = f.Write([]byte("x"))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// GPUs returns how many NVIDIA devices the system shows, and whether a driver is loaded.
func GPUs() (n int, driver bool) {
	nodes, _ := filepath.Glob("/dev/nvidia[0-9]*") // the pattern is good
	_, err := os.Stat("/proc/driver/nvidia/version")
	return len(nodes), err == nil
}
