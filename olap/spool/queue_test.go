package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func mustOpen(t *testing.T, dir string) (*Queue, []uint64) {
	t.Helper()
	var seqs []uint64
	s, err := Open(dir, 64<<20, 0, func(seq uint64) { seqs = append(seqs, seq) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, seqs
}

// all reads everything from the beginning.
func all(t *testing.T, s *Queue) (payloads []string) {
	t.Helper()
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	for c := (Cursor{}); ; {
		recs, next, _, err := s.Read(c, 3, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			payloads = append(payloads, string(r.Payload))
		}
		if next == c {
			return payloads
		}
		c = next
	}
}

func TestQueueKeepsOrder(t *testing.T) {
	dir := t.TempDir()
	s, _ := mustOpen(t, dir)
	var want []string
	for i := range 10 {
		var batch [][]byte
		for j := range i {
			p := fmt.Sprintf("%d/%d", i, j)
			want, batch = append(want, p), append(batch, []byte(p))
		}
		if err := s.Append(batch); err != nil {
			t.Fatal(err)
		}
	}
	if got := all(t, s); !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append([][]byte{{1}}); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after close = %v, want ErrClosed", err)
	}
	s2, seqs := mustOpen(t, dir)
	if got := all(t, s2); !slices.Equal(got, want) || len(seqs) != len(want) || s2.id != s.id {
		t.Errorf("after reopening read %q (%d numbers), want %q", got, len(seqs), want)
	}
}

// writeThree makes a spool of three records and returns its file and where each record ends.
func writeThree(t *testing.T, dir string) (path string, ends []int64) {
	t.Helper()
	s, _ := mustOpen(t, dir)
	for _, p := range []string{"first", "second", "third"} {
		if err := s.Append([][]byte{[]byte(p)}); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.segs[0].size)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.segs[0].path, ends
}

// TestQueueTornTail cuts the file at every byte: the whole records stay, what is appended later is
// numbered above anything lost, and nothing is reported for a cut between records.
func TestQueueTornTail(t *testing.T) {
	source := t.TempDir()
	path, ends := writeThree(t, source)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(data); cut++ {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s, seqs := mustOpen(t, dir)
		want := []string{}
		for i, p := range []string{"first", "second", "third"} {
			if int64(cut) >= ends[i] {
				want = append(want, p)
			}
		}
		clean := cut == 0 || cut == segmentHeader || slices.Contains(ends, int64(cut))
		if clean != (s.tornBytes == 0 && s.badRecords == 0) {
			t.Errorf("cut %d: %d bytes torn, %d records bad", cut, s.tornBytes, s.badRecords)
		}
		if len(seqs) != len(want) {
			t.Errorf("cut %d: %d numbers, want %d", cut, len(seqs), len(want))
		}
		if err := s.Append([][]byte{[]byte("new")}); err != nil {
			t.Fatal(err)
		}
		if got := all(t, s); !slices.Equal(got, append(want, "new")) {
			t.Errorf("cut %d: read %q, want %q and new", cut, got, want)
		}
		if _, last := s.Held(); !clean && last <= 3 {
			t.Errorf("cut %d: new record has number %d, which a lost one had", cut, last)
		}
		s.Close()
		again, _ := mustOpen(t, dir)
		if got := all(t, again); again.tornBytes != 0 || !slices.Equal(got, append(want, "new")) {
			t.Errorf("cut %d: reopened, read %q, torn %d", cut, got, again.tornBytes)
		}
		again.Close()
	}
}

// TestQueueFlippedByte flips each byte: no record is ever read wrong, and those before stay.
func TestQueueFlippedByte(t *testing.T) {
	source := t.TempDir()
	path, ends := writeThree(t, source)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records := []string{"first", "second", "third"}
	for at := range data {
		dir := t.TempDir()
		damaged := bytes.Clone(data)
		damaged[at] ^= 0x40
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := mustOpen(t, dir)
		got := all(t, s)
		if s.tornBytes == 0 && s.badRecords == 0 {
			t.Errorf("byte %d: not detected", at)
		}
		whole := 0 // records before the damage
		for whole < 3 && int64(at) >= ends[whole] {
			whole++
		}
		if at < segmentHeader {
			whole = 0
		}
		if len(got) < whole || !slices.Equal(got[:whole], records[:whole]) {
			t.Errorf("byte %d: read %q, want at least %q", at, got, records[:whole])
		}
		for _, p := range got {
			if !slices.Contains(records, p) {
				t.Errorf("byte %d: read %q", at, p)
			}
		}
		payloadHit := at >= segmentHeader+recordHeader && int64(at) < ends[0]
		if payloadHit && !slices.Equal(got, records[1:]) {
			t.Errorf("byte %d: read %q, want the records behind the damaged one", at, got)
		}
		s.Close()
	}
}

func TestQueueBoundAndCompaction(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, 16<<20, 0, func(uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	payload := make([]byte, 1<<20)
	n := uint64(0)
	for ; err == nil && n < 100; n++ {
		err = s.Append([][]byte{payload})
	}
	if !errors.Is(err, ErrFull) || n != 16 {
		t.Fatalf("Append %d = %v, want the 16th to be ErrFull", n, err)
	}
	held, last := s.Held()
	if held > 16<<20 || last != 15 {
		t.Errorf("held %d bytes up to number %d", held, last)
	}
	if err := s.Release(last); err != nil {
		t.Fatal(err)
	}
	if held, _ := s.Held(); held > 1<<10 {
		t.Errorf("%d bytes held after everything was read", held)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
	if len(files) != 1 {
		t.Errorf("files left: %q", files)
	}
	if err := s.Append([][]byte{make([]byte, MaxRecordBytes+1)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Append of a large record = %v, want ErrTooLarge", err)
	}
	if err := s.Append([][]byte{[]byte("x")}); err != nil {
		t.Errorf("Append after compaction = %v", err)
	}
	if _, last := s.Held(); last != 16 {
		t.Errorf("number after compaction = %d, want 16", last)
	}
}

// TestQueueReleasedWhileRead: a reader that only skips what it has meets the release of the file, and goes on behind it.
func TestQueueReleasedWhileRead(t *testing.T) {
	s, _ := mustOpen(t, t.TempDir())
	payload := make([]byte, 2<<10)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, last := s.Held()
				if recs, _, bad, err := s.Read(Behind(last+1<<20), 10, 1<<20); len(recs) != 0 || bad != 0 || err != nil {
					t.Errorf("Read = %d records, %d bad, %v", len(recs), bad, err)
					return
				}
			}
		})
	}
	batch := make([][]byte, 1<<10)
	for i := range batch {
		batch[i] = payload
	}
	for range 20 {
		if err := s.Append(batch); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		_, last := s.Held()
		if err := s.Release(last); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
}

func FuzzSegment(f *testing.F) {
	seed := appendHeader(nil, [16]byte{1}, 1)
	f.Add(seed)
	seed = appendRecord(seed, 1, []byte(`{"domain":{"domain_id":"d"}}`))
	f.Add(appendRecord(seed, 2, []byte("x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "00000000000000000001.seg"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir, 64<<20, 0, func(uint64) {})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		before := all(t, s)
		if err := s.Append([][]byte{[]byte("new")}); err != nil {
			t.Fatal(err)
		}
		if got := all(t, s); !slices.Equal(got, append(before, "new")) {
			t.Fatalf("read %q after %q and new", got, before)
		}
	})
}
