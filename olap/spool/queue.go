package spool

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"sync"
)

// Errors of Queue.
var (
	// ErrFull is wrapped by Append's error when the queue has reached its bound: a reader does not keep up.
	ErrFull = errors.New("spool: full")
	// ErrClosed is returned by Append and Sync after Close.
	ErrClosed = errors.New("spool: closed")
	// ErrTooLarge is wrapped by Append's error for a payload above MaxRecordBytes.
	ErrTooLarge = errors.New("spool: record is too large")
)

const (
	segmentBytes = 8 << 20 // a segment is closed when it has reached this size
	compactBytes = 1 << 20 // a segment that everyone has read is replaced when it has reached this
	// maxSeq is the largest number a segment may begin with; no spool comes near it.
	maxSeq = 1 << 62
	// cutGap is how far numbering jumps after damage at the spool's end, so that no new record gets
	// the number of a lost one that some reader has already: no segment holds as many records.
	cutGap = (segmentBytes + MaxRecordBytes) / recordHeader
)

// Queue is the folder, open. One process at a time may have it open. All methods are safe for concurrent use.
type Queue struct {
	dir      string
	id       [16]byte
	maxBytes int64

	mu       sync.Mutex
	segs     []*segment // ascending; the last is appended to
	next     uint64     // number of the next record, from 1
	bytes    int64      // of all segments
	dirDirty bool       // a file was created since the folder was synced
	closed   bool

	syncMu sync.Mutex // one fsync at a time

	// What opening found, constant afterwards.
	badRecords int   // records in the middle that do not check
	tornBytes  int64 // cut from the end
}

// Open opens or creates the queue in dir, which holds at most maxBytes, and cuts a torn end. each is called with the number of
// every record it holds; floor is a number that was certainly given out before, 0 if none is known.
func Open(dir string, maxBytes int64, floor uint64, each func(seq uint64)) (_ *Queue, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Queue{dir: dir, maxBytes: maxBytes, next: 1}
	defer func() {
		if err != nil {
			s.closeFiles()
		}
	}()
	paths, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	for _, path := range paths {
		if err := s.openSegment(path, each); err != nil {
			return nil, err
		}
	}
	if s.id == [16]byte{} {
		rand.Read(s.id[:])
	}
	if floor >= s.next {
		s.next = floor + 1
	}
	if s.badRecords > 0 || s.tornBytes > 0 {
		s.next += cutGap
	}
	if len(s.segs) == 0 || s.tornBytes > 0 {
		if err := s.rotate(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// openSegment adds the segment at path, which is newer than those before.
func (s *Queue) openSegment(path string, each func(uint64)) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	id, first, err := readHeader(f)
	if errors.Is(err, errBadHeader) || (err == nil && (first < s.next || first > maxSeq)) {
		// A torn creation leaves an empty file; anything else is kept for whoever wants to look.
		if size, _ := f.Seek(0, io.SeekEnd); size > 0 {
			s.badRecords++
			return errors.Join(f.Close(), os.Rename(path, path+".bad"))
		}
		return errors.Join(f.Close(), os.Remove(path))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("read %s: %w", path, err), f.Close())
	}
	seg := &segment{path: path, f: f, first: first}
	s.segs = append(s.segs, seg)
	s.id = id
	bad, torn, err := seg.scan(each)
	if err != nil {
		return err
	}
	s.badRecords += bad
	s.tornBytes += torn
	if torn > 0 {
		if err := f.Truncate(seg.size); err != nil {
			return fmt.Errorf("cut %s: %w", path, err)
		}
	}
	s.bytes += seg.size
	s.next = max(s.next, seg.last+1)
	return nil
}

// Append adds the payloads, all or none, with numbers that rise by one. It does not wait for the disk: what it has added
// survives the death of the process, and of the machine after the next Sync. It keeps no payload.
func (s *Queue) Append(payloads [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	var size int64
	for _, p := range payloads {
		if len(p) > MaxRecordBytes {
			return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(p), MaxRecordBytes)
		}
		size += recordHeader + int64(len(p))
	}
	if s.bytes+size > s.maxBytes {
		return fmt.Errorf("%w: %d bytes held, at most %d", ErrFull, s.bytes, s.maxBytes)
	}
	if s.segs[len(s.segs)-1].size >= segmentBytes {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	seg := s.segs[len(s.segs)-1]
	buf := make([]byte, 0, size)
	for i, p := range payloads {
		buf = appendRecord(buf, s.next+uint64(i), p)
	}
	if _, err := seg.f.WriteAt(buf, seg.size); err != nil {
		seg.f.Truncate(seg.size) // what remains would be overwritten, or cut at the next start
		return fmt.Errorf("write spool: %w", err)
	}
	s.next += uint64(len(payloads))
	seg.last = s.next - 1
	seg.size += size
	s.bytes += size
	return nil
}

// rotate begins a new segment. Callers hold mu, or own s.
func (s *Queue) rotate() error {
	path := filepath.Join(s.dir, fmt.Sprintf("%020d.seg", s.next))
	if n := len(s.segs); n > 0 && s.segs[n-1].path == path {
		return nil // the newest is still empty
	}
	seg, err := newSegment(path, s.id, s.next)
	if err != nil {
		return fmt.Errorf("begin spool segment: %w", err)
	}
	s.segs = append(s.segs, seg)
	s.bytes += seg.size
	s.dirDirty = true
	return nil
}

// Sync makes everything appended before the call durable.
func (s *Queue) Sync() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	type dirty struct {
		seg  *segment
		size int64
	}
	var todo []dirty
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	for _, seg := range s.segs {
		if seg.synced < seg.size {
			todo = append(todo, dirty{seg, seg.size})
		}
	}
	dir := s.dirDirty
	s.dirDirty = false
	s.mu.Unlock()

	for _, d := range todo {
		if err := d.seg.f.Sync(); err != nil {
			if errors.Is(err, os.ErrClosed) {
				continue // everyone has read it, and it is gone
			}
			return fmt.Errorf("sync spool: %w", err)
		}
		s.mu.Lock()
		d.seg.synced = max(d.seg.synced, d.size)
		s.mu.Unlock()
	}
	if !dir {
		return nil
	}
	if err := syncDir(s.dir); err != nil {
		s.mu.Lock()
		s.dirDirty = true
		s.mu.Unlock()
		return err
	}
	return nil
}

// Release forgets the records up to and including seq, which every reader has. Files go when all their records have.
func (s *Queue) Release(seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	active := s.segs[len(s.segs)-1]
	if active.last <= seq && active.size >= compactBytes {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	var errs []error
	for len(s.segs) > 1 && s.segs[0].last <= seq {
		gone := s.segs[0]
		s.segs = s.segs[1:]
		s.bytes -= gone.size
		errs = append(errs, gone.f.Close(), os.Remove(gone.path))
	}
	return errors.Join(errs...)
}

// Close syncs the queue and closes its files. A second Close does nothing.
func (s *Queue) Close() error {
	err := s.Sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(err, s.closeFiles())
}

func (s *Queue) closeFiles() error {
	var errs []error
	for _, seg := range s.segs {
		errs = append(errs, seg.f.Close())
	}
	return errors.Join(errs...)
}

// ID is the queue's name, made at random when its folder was: 32 hexadecimal digits. Numbers are unique within it.
func (s *Queue) ID() string { return hexID(s.id) }

// Damage returns what Open found: records in the middle that do not check, and bytes that it cut from the end.
func (s *Queue) Damage() (badRecords int, tornBytes int64) { return s.badRecords, s.tornBytes }

// Held returns the queue's size and the number of the last record appended, 0 before the first.
func (s *Queue) Held() (bytes int64, last uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes, s.next - 1
}

// syncDir makes the creation and renaming of files in dir durable, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrInvalid) {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
