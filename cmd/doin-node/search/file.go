package search

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"doin.network/node/compute/worker"
)

const (
	// saveInterval is the least time between two writes.
	saveInterval = 3 * time.Second
	// fileMagic begins a file. What follows: SHA-256 of the rest (32 bytes), length of the state (u32 LE), the state as
	// JSON, the last record.
	fileMagic = "doin search 1\n"
	// maxFileBytes bounds what is read.
	maxFileBytes = worker.DefaultFrameBytes + maxStateBytes
	// maxStateBytes bounds the state without its record.
	maxStateBytes = 64 << 20
)

// errDamaged is wrapped by what decode returns for bytes that encode did not make.
var errDamaged = errors.New("damaged")

func encode(k *state, record []byte) ([]byte, error) {
	head, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(fileMagic)+sha256.Size+4+len(head)+len(record))
	out = append(out, fileMagic...)
	out = append(out, make([]byte, sha256.Size)...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(head)))
	out = append(append(out, head...), record...)
	sum := sha256.Sum256(out[len(fileMagic)+sha256.Size:])
	copy(out[len(fileMagic):], sum[:])
	return out, nil
}

// decode is the inverse of encode; the record is a part of data.
func decode(data []byte) (*state, []byte, error) {
	rest, ok := bytes.CutPrefix(data, []byte(fileMagic))
	if !ok || len(rest) < sha256.Size+4 {
		return nil, nil, fmt.Errorf("%w: no state of this version", errDamaged)
	}
	sum, body := rest[:sha256.Size], rest[sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return nil, nil, fmt.Errorf("%w: checksum", errDamaged)
	}
	n := int64(binary.LittleEndian.Uint32(body))
	if body = body[4:]; n > int64(len(body)) || n > maxStateBytes {
		return nil, nil, fmt.Errorf("%w: %d bytes of state in %d", errDamaged, n, len(body))
	}
	k := &state{}
	if err := json.Unmarshal(body[:n], k); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return k, body[n:], nil
}

// path returns the file's name: the domain's id, where that is no plain name with a part of its hash behind what is plain.
func (s *Search) path() string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, s.cfg.Domain)
	if plain = plain[:min(len(plain), 64)]; plain != s.cfg.Domain {
		h := sha256.Sum256([]byte(s.cfg.Domain))
		plain += "-" + hex.EncodeToString(h[:6])
	}
	return filepath.Join(s.cfg.Dir, plain+".state")
}

// load takes up the file, if there is one that belongs to this search. Whatever is wrong with it, the search begins.
func (s *Search) load() {
	if s.cfg.Dir == "" {
		return
	}
	path := s.path()
	err := s.read(path)
	if err == nil {
		s.log.Info("the search goes on", "round", s.pos.round, "generation", s.pos.generation)
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	s.log.Warn("the search begins anew; its old state is kept beside the new one", "file", path+".old", "err", err)
	if err := os.Rename(path, path+".old"); err != nil {
		s.log.Warn("the old state was not moved aside", "err", err)
	}
}

func (s *Search) read(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > maxFileBytes {
		return fmt.Errorf("%w: %d bytes", errDamaged, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	k, record, err := decode(data)
	if err != nil {
		return err
	}
	if k.Identity != s.identity() {
		return errors.New("it is that of other settings or other data")
	}
	return s.takeUp(k, record)
}

// saveIfDue hands the state to the writer, if the last time was long enough ago.
func (s *Search) saveIfDue() {
	if now := s.now(); s.cfg.Dir != "" && now.Sub(s.saved) >= saveInterval {
		s.saved = now
		if data := s.encoded(); data != nil {
			select {
			case <-s.files: // an older one that nobody has taken yet
			default:
			}
			s.files <- data // has room: nobody else sends
		}
	}
}

// saveNow writes the state; the writer has ended.
func (s *Search) saveNow() {
	if s.cfg.Dir == "" || s.pos.record == nil {
		return
	}
	if data := s.encoded(); data != nil {
		if err := write(s.path(), data); err != nil {
			s.log.Warn("the search's state is not written", "err", err)
		}
	}
}

func (s *Search) encoded() []byte {
	data, err := encode(s.snapshot(), s.pos.record)
	if err != nil { // a number that is not finite
		s.log.Error("the search's state cannot be written", "err", err)
		return nil
	}
	return data
}

// writeAll writes states until ctx ends. Trouble is told once, until it is over.
func (s *Search) writeAll(ctx context.Context) {
	trouble := false
	for {
		select {
		case data := <-s.files:
			err := write(s.path(), data)
			if err != nil && !trouble {
				s.log.Warn("the search's state is not written, the search goes on", "err", err)
			}
			trouble = err != nil
		case <-ctx.Done():
			return
		}
	}
}

// write replaces the file: after a crash it is the old one or the new one.
func write(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	next := path + ".new"
	f, err := os.Create(next)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		os.Remove(next)
	}
	return err
}
