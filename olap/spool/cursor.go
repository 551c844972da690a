package spool

import (
	"errors"
	"io"
	"os"
)

// Cursor is a reader's place in a queue. The zero value is the beginning.
type Cursor struct {
	first uint64 // of the segment
	off   int64  // of the next record in it
	after uint64 // records up to this number are skipped
}

// Behind returns the place behind the record of a number.
func Behind(seq uint64) Cursor { return Cursor{after: seq} }

// Seq is the number of the last record before the place.
func (c Cursor) Seq() uint64 { return c.after }

// Record is one record as read. Numbers rise strictly; they have gaps where records were lost.
type Record struct {
	Seq     uint64
	Payload []byte // the reader's
}

// Read returns the records at c, at most maxRows and about maxBytes, of those that are durable, and
// the place behind them. bad counts stretches that no longer check and were passed over.
func (s *Queue) Read(c Cursor, maxRows, maxBytes int) (recs []Record, next Cursor, bad int, err error) {
	for bytes := 0; len(recs) < maxRows && bytes < maxBytes; {
		seg, end, more := s.at(&c)
		if seg == nil {
			break
		}
		seq, payload, after, err := readRecord(seg.f, c.off, end)
		switch {
		case err == io.EOF:
			if !more {
				return recs, c, bad, nil
			}
			c.first, c.off = c.first+1, 0 // the segment that follows
		case errors.Is(err, errBadRecord):
			bad++
			resumed, ok := resync(seg.f, after, end)
			if !ok {
				resumed = end
			}
			c.off = resumed
		case errors.Is(err, os.ErrClosed) && s.open():
			// Released meanwhile: everybody has its records, this reader too, which was skipping them. at finds the next one.
		case err != nil:
			return nil, c, bad, err
		default:
			c.off = after
			if seq > c.after {
				c.after = seq
				recs = append(recs, Record{seq, payload})
				bytes += len(payload)
			}
		}
	}
	return recs, c, bad, nil
}

// open reports whether Close was not called yet.
func (s *Queue) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed
}

// at moves c to the segment it is in, or to the next one if that is gone, and returns the segment,
// the end of its durable part and whether a segment follows. It returns nil if there is none.
func (s *Queue) at(c *Cursor) (seg *segment, end int64, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, seg := range s.segs {
		if seg.first < c.first {
			continue
		}
		if seg.first > c.first || c.off == 0 {
			c.first, c.off = seg.first, segmentHeader
		}
		// A segment begun just now has nothing durable, not even its header, and no records to read.
		return seg, max(seg.synced, segmentHeader), i < len(s.segs)-1 && seg.synced == seg.size
	}
	return nil, 0, false
}
