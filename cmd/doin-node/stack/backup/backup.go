// Package backup keeps a node in one file and makes a data directory of it again. The file is a tar of parts and, at its end,
// manifest.json, which says what it is of and names every part with its size and SHA-256: what has no manifest is no backup.
//
//	chain.badger    the chain, in Badger's stream format
//	identity.json   the key                 config.json   the configuration, as it was written
//	genesis.json    the network             anchors.log   what was anchored
//	search/…        the state of searches   olap.db       the records, one consistent copy
//	recovery.json   what the network went on from, where it had to
//
// Left out are what is made again (caches, copies for downloads), the spool, whose rows are in olap.db but for the last moments,
// the CSV files, which say less than olap.db, and the data files that the configuration names.
package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"doin.network/node/chain/store"
)

// Names of parts.
const (
	Chain, Identity, Config, Genesis = "chain.badger", "identity.json", "config.json", "genesis.json"
	Recovery, Anchors                = "recovery.json", "anchors.log"
	Search, Records                  = "search", "olap.db"
	manifestName                     = "manifest.json"
)

// format is that of the files.
const format = 1

// maxManifest bounds a manifest.
const maxManifest = 4 << 20

var (
	// ErrNotEmpty is returned by Restore for a directory that holds something.
	ErrNotEmpty = errors.New("the directory is not empty")
	// ErrBackup is wrapped by errors of Restore about a file that is no backup, or a damaged one.
	ErrBackup = errors.New("not a whole backup")
)

// About says what a backup is of.
type About struct {
	Program string `json:"program"`
	MadeAt  string `json:"made_at"`
	PeerID  string `json:"peer_id,omitempty"`
	Network string `json:"network_id,omitempty"`
	Height  int64  `json:"height"`
}

// Manifest is the content of manifest.json.
type Manifest struct {
	Format int `json:"format"`
	About
	Files []Entry `json:"files"`
}

// Entry is a part as the manifest names it.
type Entry struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Part is one part of a backup. Write may return os.ErrNotExist before it has written: then there is none.
type Part struct {
	Name  string
	Write func(w io.Writer) error
}

// File is the part that a file is.
func File(name, path string) Part {
	return Part{name, func(w io.Writer) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}}
}

// Folder returns a part for each file of a folder that is replaced as a whole by who writes it.
func Folder(name, path string) (parts []Part) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			parts = append(parts, File(name+"/"+e.Name(), filepath.Join(path, e.Name())))
		}
	}
	return parts
}

// Write writes a backup to w. Each part is made in the folder tmp first, since a tar names sizes before contents.
func Write(ctx context.Context, w io.Writer, tmp string, about About, parts []Part) error {
	t := tar.NewWriter(w)
	m := Manifest{Format: format, About: about, Files: []Entry{}}
	made, err := time.Parse(time.RFC3339, about.MadeAt)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := add(t, tmp, p, made)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("backup: %s: %w", p.Name, err)
		}
		m.Files = append(m.Files, e)
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := t.WriteHeader(header(manifestName, int64(len(data)), made)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if _, err := t.Write(data); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return t.Close()
}

func header(name string, size int64, made time.Time) *tar.Header {
	return &tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: made, Typeflag: tar.TypeReg}
}

// add makes a part and puts it into the tar.
func add(t *tar.Writer, tmp string, p Part, made time.Time) (e Entry, err error) {
	f, err := os.CreateTemp(tmp, "backup-*")
	if err != nil {
		return e, fmt.Errorf("temporary file: %v", err) // not a missing part
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	sum := sha256.New()
	if err := p.Write(io.MultiWriter(f, sum)); err != nil {
		return e, err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return e, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return e, err
	}
	if err := t.WriteHeader(header(p.Name, size, made)); err != nil {
		return e, err
	}
	_, err = io.Copy(t, f)
	return Entry{p.Name, size, hex.EncodeToString(sum.Sum(nil))}, err
}

// Restore makes the data directory dir of a backup. It refuses one that holds anything with ErrNotEmpty. Until everything has
// been read and checked nothing is in dir: a backup that is cut or damaged, ErrBackup, leaves none.
func Restore(r io.Reader, dir string) (m Manifest, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return m, err
	}
	if left, err := os.ReadDir(dir); err == nil && len(left) > 0 {
		return m, fmt.Errorf("%w: %s", ErrNotEmpty, dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return m, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".restoring-*")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(tmp)
	if m, err = extract(r, tmp); err != nil {
		return m, err
	}
	stream := filepath.Join(tmp, Chain)
	if f, err := os.Open(stream); err == nil {
		err = store.Restore(filepath.Join(tmp, "chain"), f)
		if err = errors.Join(err, f.Close(), os.Remove(stream)); err != nil {
			return m, err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return m, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	return m, os.Rename(tmp, dir)
}

// extract writes the parts into dir and holds them against the manifest.
func extract(r io.Reader, dir string) (m Manifest, err error) {
	var found []Entry
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			return m, fmt.Errorf("%w: it has no manifest, so it was not finished", ErrBackup)
		}
		if err != nil {
			return m, fmt.Errorf("%w: %w", ErrBackup, err)
		}
		if h.Name == manifestName {
			if m, err = readManifest(t); err != nil {
				return m, err
			}
			if !slices.Equal(m.Files, found) {
				return m, fmt.Errorf("%w: its parts are not those of the manifest", ErrBackup)
			}
			return m, nil
		}
		if len(found) >= maxParts || !part(h) {
			return m, fmt.Errorf("%w: unexpected part %.80q", ErrBackup, h.Name)
		}
		e, err := write(t, h.Name, filepath.Join(dir, filepath.FromSlash(h.Name)))
		if err != nil {
			return m, err
		}
		found = append(found, e)
	}
}

// maxParts bounds the parts that are read; a search has one file for each domain.
const maxParts = 10_000

// part reports whether a backup may have this entry.
func part(h *tar.Header) bool {
	if h.Typeflag != tar.TypeReg {
		return false
	}
	name, inSearch := strings.CutPrefix(h.Name, Search+"/")
	if inSearch {
		return name != "" && !strings.ContainsAny(name, "/\\") && filepath.IsLocal(name)
	}
	return slices.Contains([]string{Chain, Identity, Config, Genesis, Anchors, Records}, h.Name)
}

func write(r io.Reader, name, path string) (e Entry, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return e, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return e, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), r)
	if err != nil {
		return e, errors.Join(fmt.Errorf("%w: %s: %w", ErrBackup, name, err), f.Close())
	}
	return Entry{name, n, hex.EncodeToString(sum.Sum(nil))}, errors.Join(f.Sync(), f.Close())
}

func readManifest(r io.Reader) (m Manifest, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	switch {
	case err != nil:
		return m, fmt.Errorf("%w: manifest: %w", ErrBackup, err)
	case m.Format != format:
		return m, fmt.Errorf("%w: format %d, this program knows %d", ErrBackup, m.Format, format)
	}
	return m, nil
}
