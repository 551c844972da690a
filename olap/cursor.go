package olap

import (
	"errors"
	"io"
)

// cursor is a reader's place in the spool. The zero value is the beginning.
type cursor struct {
	first uint64 // of the segment
	off   int64  // of the next record in it
	after uint64 // records up to this number are skipped
}

// record is one record as read.
type record struct {
	seq     uint64
	payload []byte
}

// read returns the records at c, at most maxRows and about maxBytes, of those that are durable, and
// the cursor behind them. bad counts stretches that no longer check and were passed over.
func (s *spool) read(c cursor, maxRows, maxBytes int) (recs []record, next cursor, bad int, err error) {
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
		case err != nil:
			return nil, c, bad, err
		default:
			c.off = after
			if seq > c.after {
				c.after = seq
				recs = append(recs, record{seq, payload})
				bytes += len(payload)
			}
		}
	}
	return recs, c, bad, nil
}

// at moves c to the segment it is in, or to the next one if that is gone, and returns the segment,
// the end of its durable part and whether a segment follows. It returns nil if there is none.
func (s *spool) at(c *cursor) (seg *segment, end int64, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, seg := range s.segs {
		if seg.first < c.first {
			continue
		}
		if seg.first > c.first || c.off == 0 {
			c.first, c.off = seg.first, segmentHeader
		}
		return seg, seg.synced, i < len(s.segs)-1 && seg.synced == seg.size
	}
	return nil, 0, false
}
