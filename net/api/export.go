package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"doin.network/node/net/peerscore"
)

// download is a file that is sent and then removed.
type download struct {
	io.Reader
	file    *os.File
	cleanup func()
	leave   func()
	ended   atomic.Bool // it gives way to another
}

// Read implements io.Reader until the download gives way.
func (d *download) Read(p []byte) (int, error) {
	if d.ended.Load() {
		return 0, errGivesWay
	}
	return d.Reader.Read(p)
}

var errGivesWay = errors.New("api: the download has had its time, others wait")

// downloads are those under way: few, three of an address, and one that has had its time gives way to the next. It is safe for
// concurrent use.
type downloads struct {
	mu      sync.Mutex
	running []begun // the oldest first
}

type begun struct {
	*download
	host string
	at   time.Time
}

// Bounds of downloads: of one address, and how long one may take while others wait.
const (
	exportsOfHost = 3
	exportTime    = 30 * time.Second
)

// enter makes room for a download. Errors match ErrBusy.
func (l *downloads) enter(host string) (*download, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := 0
	for _, b := range l.running {
		if b.host == host {
			of++
		}
	}
	switch {
	case of >= exportsOfHost:
		return nil, fmt.Errorf("%w: %d downloads of this address are running", ErrBusy, of)
	case len(l.running) >= oneExport:
		if oldest := l.running[0]; time.Since(oldest.at) > exportTime {
			oldest.ended.Store(true) // its place is free when its connection has noticed
		}
		return nil, fmt.Errorf("%w: %d downloads are running", ErrBusy, oneExport)
	}
	d := &download{}
	d.leave = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.running = slices.DeleteFunc(l.running, func(b begun) bool { return b.download == d })
	}
	l.running = append(l.running, begun{d, host, time.Now()})
	return d, nil
}

func (l *downloads) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.running)
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
	d.leave()
	return err
}

// statsExport answers GET /stats/export with a consistent copy of the database,
// or the part of it that Range asks for.
func (a *API) statsExport(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	if format := queryText(rc, "format"); format != "" && format != "sqlite" {
		return a.statsTable(ctx, rc, format)
	}
	d, err := a.exports.enter(peerscore.Address(remote(rc))) // held until the copy is sent and removed
	if err != nil {
		return err
	}
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
	return sendFile(rc, d, "olap.db", "application/octet-stream")
}

// sendFile answers with the download's file, or with the part of it that Range asks for.
func sendFile(rc *fasthttp.RequestCtx, d *download, name, contentType string) error {
	info, err := d.file.Stat()
	if err != nil {
		_ = d.Close()
		return fmt.Errorf("stat export: %w", err)
	}
	size := info.Size()
	etag := fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), size)
	h := &rc.Response.Header
	h.Set("Content-Disposition", "attachment; filename="+name)
	h.Set("ETag", etag)
	h.Set("Accept-Ranges", "bytes")
	h.SetLastModified(info.ModTime())
	rc.SetContentType(contentType)

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
