package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// The witness is a file apart from the database that names the last acknowledged
// tip, or the two that may be the last while blocks are replaced. The database's
// log is cut at its first damaged byte when it is replayed, as it must be after a
// crash; the witness is how a cut that went through acknowledged blocks is told
// from one that went through an unfinished write.
//
//	magic "doinwit1" · count u8 · count × (height u64 BE, hash 32) · CRC-32C u32 BE
const (
	witnessName  = "witness"
	witnessMagic = "doinwit1"
	markBytes    = 8 + 32
)

// witness records an acknowledged tip. A failure costs the witness its meaning for
// this block, not the block: the tip before it is still in the chain.
func (s *Store) witness(tip mark) {
	if err := s.writeWitness(tip); err != nil {
		s.log.Warn("tip is not witnessed", "height", tip.height, "err", err)
	}
}

// writeWitness replaces the witness, synced. The empty chain is left out.
func (s *Store) writeWitness(tips ...mark) error {
	b := append([]byte(witnessMagic), 0)
	for _, m := range tips {
		if m.height < 0 {
			// One of the tips is the empty chain: nothing is promised.
			b = append([]byte(witnessMagic), 0)
			break
		}
		e, err := encodeMark(m)
		if err != nil {
			return err
		}
		b = append(b, e...)
		b[len(witnessMagic)]++
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return replaceFile(filepath.Join(s.dir, witnessName), b)
}

// readWitness returns the witnessed tips, none if there is no witness.
func (s *Store) readWitness() ([]mark, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, witnessName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	head, n := len(witnessMagic)+1, len(b)-crc32.Size
	if n < head || string(b[:len(witnessMagic)]) != witnessMagic ||
		n != head+int(b[head-1])*markBytes || binary.BigEndian.Uint32(b[n:]) != crc32.Checksum(b[:n], castagnoli) {
		return nil, corrupt(-1, "witness", errSum)
	}
	var tips []mark
	for at := head; at < n; at += markBytes {
		m, err := decodeMark(b[at : at+markBytes])
		if err != nil {
			return nil, corrupt(-1, "witness", err)
		}
		tips = append(tips, m)
	}
	return tips, nil
}

// replaceFile writes a file so that after a crash it is the old or the new one.
func replaceFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
