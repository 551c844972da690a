package host

import (
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// unused is how long a program is kept that nobody asks for.
const unused = 7 * 24 * time.Hour

// touch says whether a program is there, and that it was asked for.
func touch(program string) bool {
	info, err := os.Stat(program)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	now := time.Now()
	// A cache that can not be written can be read all the same.
	_ = os.Chtimes(program, now, now)
	return true
}

// ours are the names that Build gives: a program's hash, or a folder that it builds in.
var ours = regexp.MustCompile(`^([0-9a-f]{32}|building-[0-9]+)$`)

// prune removes what was not asked for in a while, and what builds that were killed left behind.
func prune(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !ours.MatchString(e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > unused {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}
