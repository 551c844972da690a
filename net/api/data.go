package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/valyala/fasthttp"

	"doin.network/node/chain"
	"doin.network/node/net/peerscore"
)

// Data are the files that the genesis file names.
type Data interface {
	// File returns where the file of that hash lies and its size. ErrNotFound for a hash of no file of the network's or of none
	// that is here, ErrForbidden (wrapped, with the reason) where this node gives none away.
	File(hash string) (path string, size int64, err error)
}

// genesis answers GET /genesis.
func (a *API) genesis(_ context.Context, rc *fasthttp.RequestCtx, _ string) error {
	writeBody(rc, fasthttp.StatusOK, contentJSON, a.parts.Genesis)
	return nil
}

// data answers GET /data/{hash} with a file of the network, or the part of it that Range asks for. Whole, it is compressed for who
// takes gzip.
func (a *API) data(_ context.Context, rc *fasthttp.RequestCtx, hash string) error {
	if !chain.IsHash(hash) {
		return bad("bad hash", errors.New("want the SHA-256 of a file, 64 lower-case hex digits"))
	}
	path, size, err := a.parts.Data.File(hash)
	switch {
	case errors.Is(err, ErrNotFound):
		return status(fasthttp.StatusNotFound, "unknown file", errors.New("the genesis file names no file of that hash, or it is not here"))
	case err != nil:
		return err
	}
	d, err := a.files.enter(peerscore.Address(remote(rc))) // held until the file is sent
	if err != nil {
		return err
	}
	if err := a.send(rc, d, path, hash, size); err != nil {
		_ = d.Close()
		return err
	}
	return nil
}

// send makes a file the answer's body, which closes d.
func (a *API) send(rc *fasthttp.RequestCtx, d *download, path, hash string, size int64) (err error) {
	if d.file, err = os.Open(path); err != nil {
		return fmt.Errorf("open data file: %w", err)
	}
	info, err := d.file.Stat()
	if err != nil {
		return fmt.Errorf("stat data file: %w", err)
	}
	if info.Size() != size {
		return fmt.Errorf("data file %s has %d bytes, the genesis file names %d", path, info.Size(), size)
	}
	etag := `"` + hash + `"`
	h := &rc.Response.Header
	h.Set("ETag", etag)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Vary", "Accept-Encoding")
	rc.SetContentType("application/octet-stream")
	r := rc.Request.Header.Peek("Range")
	switch {
	case wanted(rc, r, etag):
		from, to, err := fasthttp.ParseByteRange(r, int(size))
		if err != nil {
			_ = d.Close()
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			writeText(rc, fasthttp.StatusRequestedRangeNotSatisfiable, "416: Range Not Satisfiable")
			return nil
		}
		h.SetContentRange(from, to, int(size))
		rc.SetStatusCode(fasthttp.StatusPartialContent)
		d.Reader = io.NewSectionReader(d.file, int64(from), int64(to-from+1))
		rc.SetBodyStream(d, to-from+1)
	case rc.Request.Header.HasAcceptEncoding("gzip"):
		h.Set("Content-Encoding", "gzip")
		d.Reader = newDeflater(d.file)
		rc.SetBodyStream(d, -1)
	default:
		d.Reader = io.NewSectionReader(d.file, 0, size)
		rc.SetBodyStream(d, int(size))
	}
	return nil
}

// deflater is what it reads, compressed by and by.
type deflater struct {
	from io.Reader
	zip  *gzip.Writer
	out  bytes.Buffer
	in   [32 << 10]byte
	done bool
}

func newDeflater(from io.Reader) *deflater {
	d := &deflater{from: from}
	d.zip, _ = gzip.NewWriterLevel(&d.out, gzip.BestSpeed) // a level that there is
	return d
}

// Read implements io.Reader.
func (d *deflater) Read(p []byte) (int, error) {
	for d.out.Len() == 0 && !d.done {
		n, err := d.from.Read(d.in[:])
		if _, werr := d.zip.Write(d.in[:n]); werr != nil {
			return 0, werr
		}
		switch {
		case err == io.EOF:
			d.done = true
			if err := d.zip.Close(); err != nil {
				return 0, err
			}
		case err != nil:
			return 0, err
		}
	}
	return d.out.Read(p) // io.EOF where nothing is left
}
