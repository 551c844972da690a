package join

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"doin.network/node/chain"
)

// Bounds of a download: how often it is begun anew without a byte more than before, how long nothing may come, and how fast it is
// at least, in bytes a second, beside a minute.
const (
	fileTries = 10
	stallTime = 30 * time.Second
	leastRate = 16 << 10
)

// File fetches a file from a host to path, by a file beside it that a later call goes on with, and checks it. The folder must
// exist. progress, unless nil, is told how many bytes are here. Errors match ErrAnswer where the host sends another file,
// ErrRefused where it gives none away.
func (c *Client) File(ctx context.Context, endpoint string, f chain.File, path string, progress func(bytes int64)) (err error) {
	part, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := part.Close(); err == nil {
			err = cerr
		}
	}()
	sum := sha256.New()
	have, err := io.Copy(sum, io.LimitReader(part, f.Size+1))
	if err != nil {
		return err
	}
	d := download{file: f, part: part, sum: sum, have: have, progress: progress}
	if have > f.Size {
		if err := d.restart(); err != nil {
			return err
		}
	}
	for tries := 0; d.have < f.Size; {
		before := d.have
		err := c.fetch(ctx, endpoint, &d)
		if err == nil && d.have == f.Size {
			break
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		if d.have > before {
			tries = 0
		}
		if tries++; tries == fileTries || ctx.Err() != nil || errors.Is(err, ErrAnswer) || errors.Is(err, ErrRefused) {
			return fmt.Errorf("%s of %s: %w", f.Name, endpoint, err)
		}
		if err := pause(ctx, time.Duration(tries)*time.Second/2); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return errors.Join(fmt.Errorf("%w: %s of %s has SHA-256 %s, the genesis file demands %s", ErrAnswer, f.Name, endpoint, got, f.SHA256), d.restart())
	}
	if err := part.Sync(); err != nil {
		return err
	}
	return os.Rename(part.Name(), filepath.Clean(path))
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// download is a file on its way: the first have bytes are in part and in sum.
type download struct {
	file     chain.File
	part     *os.File
	sum      hash.Hash
	have     int64
	progress func(int64)
}

func (d *download) restart() error {
	d.have = 0
	d.sum.Reset()
	if _, err := d.part.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return d.part.Truncate(0)
}

// Write implements io.Writer.
func (d *download) Write(p []byte) (int, error) {
	if int64(len(p)) > d.file.Size-d.have {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrAnswer, d.file.Size)
	}
	n, err := d.part.Write(p)
	d.sum.Write(p[:n])
	d.have += int64(n)
	if d.progress != nil {
		d.progress(d.have)
	}
	return n, err
}

// fetch asks once for what is missing.
func (c *Client) fetch(ctx context.Context, endpoint string, d *download) error {
	limit := time.Minute + time.Duration((d.file.Size-d.have)/leastRate)*time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+endpoint+"/data/"+d.file.SHA256, nil)
	if err != nil {
		return err
	}
	if d.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		req.Header.Set("If-Range", `"`+d.file.SHA256+`"`)
	} else {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		if d.have > 0 { // it does not resume
			if err := d.restart(); err != nil {
				return err
			}
		}
	case http.StatusPartialContent:
		if want := fmt.Sprintf("bytes %d-%d/%d", d.have, d.file.Size-1, d.file.Size); res.Header.Get("Content-Range") != want {
			return fmt.Errorf("%w: range %.80q, want %q", ErrAnswer, res.Header.Get("Content-Range"), want)
		}
	case http.StatusServiceUnavailable:
		return fmt.Errorf("%s is busy", endpoint)
	default:
		body, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes)) // as much as there is
		return failure(endpoint+"/data", res.StatusCode, body)
	}
	stall := time.AfterFunc(stallTime, cancel)
	defer stall.Stop()
	var from io.Reader = restless{res.Body, stall}
	if res.Header.Get("Content-Encoding") == "gzip" {
		zip, err := gzip.NewReader(from)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrAnswer, err)
		}
		from = zip
	}
	_, err = io.CopyBuffer(d, from, make([]byte, 64<<10))
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		err = fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return err
}

// restless puts an alarm off with every byte.
type restless struct {
	io.Reader
	alarm *time.Timer
}

func (r restless) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.alarm.Reset(stallTime)
	}
	return n, err
}
