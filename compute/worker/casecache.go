package worker

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"doin.network/node/compute/domain"
)

// Bounds of what is remembered of claims: the lists in memory, their numbers, and the files of a directory.
const (
	cachedCases  = 64
	cachedNumber = 1 << 22
	cachedFiles  = 256
)

// caseCache remembers the errors of the validation cases of claims, the last ones in memory and, with a directory, on
// disk, so that a worker which has run an incumbent once does not run it again. What is remembered is a function of its
// key; a file that is not whole is as good as none.
//
// A file KEY.cases holds, little-endian: the line "doin/cases/1", the key (64 bytes), the number n of cases (8 bytes), n
// errors of 8 bytes each, and the SHA-256 of all that.
type caseCache struct {
	dir string // empty: memory only
	log *slog.Logger

	mu      sync.Mutex
	lists   map[string]*list.Element // of *cachedList
	recent  list.List                // most recently used first
	numbers int
}

type cachedList struct {
	key   string
	cases []int64
}

// casesLine begins a file.
const casesLine = "doin/cases/1\n"

func newCaseCache(dir string, log *slog.Logger) *caseCache {
	return &caseCache{dir: dir, log: log, lists: map[string]*list.Element{}}
}

// get returns the n errors of a claim, or nil. The caller must not change them.
func (c *caseCache) get(key string, n int) []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.lists[key]; e != nil {
		c.recent.MoveToFront(e)
		return e.Value.(*cachedList).cases
	}
	if c.dir == "" {
		return nil
	}
	data, err := os.ReadFile(c.path(key))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.log.Warn("remembered cases not read", "err", err)
		}
		return nil
	}
	cases := decodeCases(data, key, n)
	if cases == nil {
		c.log.Warn("remembered cases are damaged", "file", c.path(key))
		return nil
	}
	c.remember(key, cases)
	return cases
}

// put remembers the errors of a claim, which it keeps.
func (c *caseCache) put(key string, cases []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lists[key] != nil {
		return
	}
	c.remember(key, cases)
	if c.dir == "" {
		return
	}
	if err := c.write(key, cases); err != nil {
		c.log.Warn("cases not remembered", "err", err)
	}
}

// remember keeps a list in memory. mu is held.
func (c *caseCache) remember(key string, cases []int64) {
	c.lists[key] = c.recent.PushFront(&cachedList{key, cases})
	c.numbers += len(cases)
	for c.recent.Len() > 1 && (c.recent.Len() > cachedCases || c.numbers > cachedNumber) {
		last := c.recent.Remove(c.recent.Back()).(*cachedList)
		delete(c.lists, last.key)
		c.numbers -= len(last.cases)
	}
}

func (c *caseCache) path(key string) string { return filepath.Join(c.dir, key+".cases") }

// write puts a file in its place whole, and removes the oldest ones that are too many. mu is held.
func (c *caseCache) write(key string, cases []int64) error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(encodeCases(key, cases))
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), c.path(key))
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return c.prune()
}

// prune removes the oldest files that are too many.
func (c *caseCache) prune() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	for {
		oldest, at, n := "", time.Time{}, 0
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !strings.HasSuffix(e.Name(), ".cases") {
				continue
			}
			if n++; oldest == "" || info.ModTime().Before(at) {
				oldest, at = e.Name(), info.ModTime()
			}
		}
		if n <= cachedFiles {
			return nil
		}
		if err := os.Remove(filepath.Join(c.dir, oldest)); err != nil {
			return err
		}
		if entries, err = os.ReadDir(c.dir); err != nil {
			return err
		}
	}
}

func encodeCases(key string, cases []int64) []byte {
	b := append([]byte(casesLine), key...)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(cases)))
	for _, e := range cases {
		b = binary.LittleEndian.AppendUint64(b, uint64(e))
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// decodeCases reads a file; nil: it is not that of n cases of the key.
func decodeCases(data []byte, key string, n int) []int64 {
	head := append([]byte(casesLine), key...)
	head = binary.LittleEndian.AppendUint64(head, uint64(n))
	if len(data) != len(head)+8*n+sha256.Size || !bytes.HasPrefix(data, head) {
		return nil
	}
	end := len(data) - sha256.Size
	if sum := sha256.Sum256(data[:end]); !bytes.Equal(sum[:], data[end:]) {
		return nil
	}
	cases := make([]int64, n)
	for i := range cases {
		cases[i] = int64(binary.LittleEndian.Uint64(data[len(head)+8*i:]))
		if cases[i] < 0 || cases[i] > domain.MaxCaseError {
			return nil
		}
	}
	return cases
}
