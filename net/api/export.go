package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/valyala/fasthttp"
)

// download is a file that is sent and then removed.
type download struct {
	io.Reader
	file    *os.File
	cleanup func()
	slots   chan struct{}
}

// Close closes the file, removes it and gives the slot back; the server calls it
// after the answer.
func (d *download) Close() error {
	var err error
	if d.file != nil {
		err = d.file.Close()
	}
	if d.cleanup != nil {
		d.cleanup()
	}
	<-d.slots
	return err
}

// statsExport answers GET /stats/export with a consistent copy of the database,
// or the part of it that Range asks for.
func (a *API) statsExport(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	select {
	case a.exports <- struct{}{}: // held until the copy is sent and removed
	default:
		return fmt.Errorf("%w: %d downloads are running", ErrBusy, cap(a.exports))
	}
	d := &download{slots: a.exports}
	path, cleanup, err := a.parts.Stats.Export(ctx)
	if err != nil {
		_ = d.Close()
		return recording(err)
	}
	d.cleanup = cleanup
	if d.file, err = os.Open(path); err != nil {
		_ = d.Close()
		return fmt.Errorf("open export: %w", err)
	}
	info, err := d.file.Stat()
	if err != nil {
		_ = d.Close()
		return fmt.Errorf("stat export: %w", err)
	}
	size := info.Size()
	etag := fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), size)
	h := &rc.Response.Header
	h.Set("Content-Disposition", "attachment; filename=olap.db")
	h.Set("ETag", etag)
	h.Set("Accept-Ranges", "bytes")
	h.SetLastModified(info.ModTime())
	rc.SetContentType("application/octet-stream")

	first, length, code := int64(0), size, fasthttp.StatusOK
	if r := rc.Request.Header.Peek("Range"); wanted(rc, r, etag) {
		from, to, err := fasthttp.ParseByteRange(r, int(size))
		if err != nil {
			_ = d.Close()
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			writeText(rc, fasthttp.StatusRequestedRangeNotSatisfiable, "416: Range Not Satisfiable")
			return nil
		}
		first, length, code = int64(from), int64(to-from+1), fasthttp.StatusPartialContent
		h.SetContentRange(from, to, int(size))
	}
	d.Reader = io.NewSectionReader(d.file, first, length)
	rc.SetStatusCode(code)
	rc.SetBodyStream(d, int(length))
	return nil
}

// wanted reports whether the range r is to be honoured: one range, and If-Range,
// where it is there, names this copy.
func wanted(rc *fasthttp.RequestCtx, r []byte, etag string) bool {
	same := rc.Request.Header.Peek("If-Range")
	return len(r) > 0 && !bytes.ContainsRune(r, ',') && (len(same) == 0 || string(same) == etag)
}
