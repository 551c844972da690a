package csv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doin.network/node/olap"
)

var _ olap.Trimmer = (*Sink)(nil)

const (
	// parts is in how many files the bound of the size is spent: the one that is written, and older ones.
	parts = 4
	// partTime is in the names of older files, so that they sort by age; partMark is before it.
	partTime = "20060102T150405.000000"
	partMark = ".to-"
)

// Trim renames the file once it has its part of the bound, and deletes the oldest of those that were renamed before until all
// together are within it, and those that were last written before r.Before. The next Write begins a new file. It may be called
// from another goroutine than Write.
func (s *Sink) Trim(ctx context.Context, r olap.Retention) (out olap.Trimmed, err error) {
	info, err := os.Stat(s.path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return out, err
	}
	live := info.Size()
	if r.MaxBytes > 0 && live > r.MaxBytes/parts {
		to := s.path + partMark + s.opt.Now().UTC().Format(partTime)
		if err := os.Rename(s.path, to); err != nil {
			return out, fmt.Errorf("olap/csv: %w", err)
		}
		live = 0
	}
	old, err := s.older()
	if err != nil {
		return out, err
	}
	room := r.MaxBytes - max(live, r.MaxBytes/parts) // for what is going to be written, too
	for _, name := range slices.Backward(old) {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		info, err := os.Stat(name)
		if err != nil {
			return out, fmt.Errorf("olap/csv: %w", err)
		}
		room -= info.Size()
		if (r.MaxBytes <= 0 || room >= 0) && !info.ModTime().Before(r.Before) {
			continue
		}
		if err := os.Remove(name); err != nil {
			return out, fmt.Errorf("olap/csv: %w", err)
		}
		out.Files++
	}
	return out, nil
}

// older returns the renamed files, the oldest first.
func (s *Sink) older() (names []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		return nil, fmt.Errorf("olap/csv: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(s.path)+partMark) {
			names = append(names, filepath.Join(filepath.Dir(s.path), e.Name()))
		}
	}
	slices.Sort(names)
	return names, nil
}
