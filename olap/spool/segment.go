package spool

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// The spool is a folder of segment files, NAME.seg, where NAME is the first sequence number the
// segment may hold, 20 decimal digits. Integers are little-endian, CRCs are CRC-32C.
//
//	segment = header record*
//	header  = "DOINROW1" | spool id 16 bytes | first u64 | crc u32 of the 32 bytes before
//	record  = length u32 | crc u32 | seq u64 | payload of length bytes
//
// A record's crc covers its length, seq and payload. Sequence numbers rise strictly through the
// whole spool. A record ends the file or is followed by another; what does not check at the end
// of the last segment is a torn write and is cut.
const (
	segmentMagic  = "DOINROW1"
	segmentHeader = 36
	recordHeader  = 16

	// MaxRecordBytes is the largest payload that a queue takes.
	MaxRecordBytes = 8 << 20
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	errBadRecord = errors.New("record does not check")
	errBadHeader = errors.New("segment header does not check")
)

// segment is one file of the spool. The spool's lock guards its fields; the file is only read at
// offsets below synced.
type segment struct {
	path   string
	f      *os.File
	first  uint64 // numbers of its records are ≥ first
	last   uint64 // number of its last record; first-1 if it has none
	size   int64  // end of the last whole record
	synced int64  // bytes known to be on disk
}

// appendHeader appends a segment header to dst.
func appendHeader(dst []byte, id [16]byte, first uint64) []byte {
	at := len(dst)
	dst = append(dst, segmentMagic...)
	dst = append(dst, id[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, first)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[at:], castagnoli))
}

// readHeader returns the spool id and first number of a segment.
func readHeader(r io.ReaderAt) (id [16]byte, first uint64, err error) {
	var h [segmentHeader]byte
	if _, err := r.ReadAt(h[:], 0); err != nil {
		if err == io.EOF {
			err = errBadHeader
		}
		return id, 0, err
	}
	sum := crc32.Checksum(h[:segmentHeader-4], castagnoli)
	if string(h[:8]) != segmentMagic || sum != binary.LittleEndian.Uint32(h[segmentHeader-4:]) {
		return id, 0, errBadHeader
	}
	copy(id[:], h[8:24])
	return id, binary.LittleEndian.Uint64(h[24:]), nil
}

// appendRecord appends the record of payload to dst.
func appendRecord(dst []byte, seq uint64, payload []byte) []byte {
	var h [recordHeader]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(len(payload)))
	binary.LittleEndian.PutUint64(h[8:], seq)
	binary.LittleEndian.PutUint32(h[4:], recordCRC(h[:], payload))
	return append(append(dst, h[:]...), payload...)
}

func recordCRC(h, payload []byte) uint32 {
	crc := crc32.Update(0, castagnoli, h[0:4])
	crc = crc32.Update(crc, castagnoli, h[8:16])
	return crc32.Update(crc, castagnoli, payload)
}

// readRecord reads the record at off of a segment that ends at size. next is the offset after it:
// for errBadRecord that is a guess, and 0 if the length cannot be right. At the end it returns
// io.EOF.
func readRecord(r io.ReaderAt, off, size int64) (seq uint64, payload []byte, next int64, err error) {
	if off == size {
		return 0, nil, off, io.EOF
	}
	if size-off < recordHeader {
		return 0, nil, 0, errBadRecord
	}
	var h [recordHeader]byte
	if _, err := r.ReadAt(h[:], off); err != nil {
		return 0, nil, 0, err
	}
	n := int64(binary.LittleEndian.Uint32(h[0:]))
	if n > MaxRecordBytes || n > size-off-recordHeader {
		return 0, nil, 0, errBadRecord
	}
	payload = make([]byte, n)
	if _, err := r.ReadAt(payload, off+recordHeader); err != nil {
		return 0, nil, 0, err
	}
	next = off + recordHeader + n
	if recordCRC(h[:], payload) != binary.LittleEndian.Uint32(h[4:]) {
		return 0, nil, next, errBadRecord
	}
	return binary.LittleEndian.Uint64(h[8:]), payload, next, nil
}

// resync returns the offset of the record after one that does not check, or false if none follows
// that checks: everything from off on is then unreadable.
func resync(r io.ReaderAt, next, size int64) (int64, bool) {
	if next == 0 || next >= size {
		return 0, false
	}
	_, _, _, err := readRecord(r, next, size)
	return next, err == nil
}

// newSegment creates the segment file that begins with number first.
func newSegment(path string, id [16]byte, first uint64) (*segment, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(appendHeader(nil, id, first), 0); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return &segment{path: path, f: f, first: first, last: first - 1, size: segmentHeader}, nil
}

// scan reads a segment from its first record and sets last and size. each is called with every
// number. It returns how many records in the middle do not check, and how many bytes at the end
// are not records; err is an I/O error.
func (s *segment) scan(each func(seq uint64)) (bad int, torn int64, err error) {
	end, err := s.f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, 0, err
	}
	s.last, s.size = s.first-1, segmentHeader
	for off := int64(segmentHeader); ; {
		seq, _, next, err := readRecord(s.f, off, end)
		switch {
		case err == io.EOF:
			return bad, 0, nil
		case errors.Is(err, errBadRecord) || (err == nil && seq <= s.last):
			after, ok := resync(s.f, next, end)
			if !ok {
				return bad, end - off, nil
			}
			bad++
			off = after
		case err != nil:
			return bad, 0, fmt.Errorf("read %s: %w", s.path, err)
		default:
			each(seq)
			s.last, s.size, off = seq, next, next
		}
	}
}

func hexID(id [16]byte) string { return hex.EncodeToString(id[:]) }
