// Package logfile is a file for a log that is rotated: the file that is written, and older ones beside it, NAME.1 the youngest.
package logfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// older is how many files are kept beside the one that is written.
const older = 4

// File is an open log. It is safe for concurrent use.
type File struct {
	path string
	max  int64 // of one file

	mu   sync.Mutex
	f    *os.File
	size int64
}

var _ io.WriteCloser = (*File)(nil)

// Open opens or creates the file at path and its folder. It and the older ones take maxBytes together.
func Open(path string, maxBytes int64) (*File, error) {
	l := &File{path: path, max: max(1, maxBytes/(older+1))}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return l, nil
}

func (l *File) open() (err error) {
	if l.f, err = os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
		return err
	}
	info, err := l.f.Stat()
	if err != nil {
		return errors.Join(err, l.f.Close())
	}
	l.size = info.Size()
	return nil
}

// Write appends p, which is never cut, after a rotation where the file has no room for it.
func (l *File) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	if l.size > 0 && l.size+int64(len(p)) > l.max {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.Write(p)
	l.size += int64(n)
	return n, err
}

// rotate gives each file the next number; the last one goes. mu is held.
func (l *File) rotate() error {
	err := l.f.Close()
	l.f = nil
	for i := older; i >= 1; i-- {
		from := l.path
		if i > 1 {
			from = numbered(l.path, i-1)
		}
		if rerr := os.Rename(from, numbered(l.path, i)); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	return errors.Join(err, l.open())
}

func numbered(path string, i int) string { return fmt.Sprintf("%s.%d", path, i) }

// Close closes the file.
func (l *File) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}
