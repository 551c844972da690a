package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/valyala/fasthttp"
)

//go:embed dist
var built embed.FS

// asset is a file of the page, as it is and compressed.
type asset struct {
	content      string
	tag          string
	plain, small []byte
}

// contents are the types of the page's files.
var contents = map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml"}

// load reads the page's files by path.
func load() (map[string]asset, error) {
	out := map[string]asset{}
	err := fs.WalkDir(built, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := built.ReadFile(name)
		if err != nil {
			return err
		}
		a := asset{content: contents[path.Ext(name)], plain: data, tag: fmt.Sprintf(`"%x"`, sha256.Sum256(data))[:18] + `"`}
		if a.content == "" {
			return fmt.Errorf("web: %s: what is it?", name)
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(data); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		a.small = b.Bytes()
		at := "/web/" + strings.TrimPrefix(name, "dist/")
		if at == "/web/index.html" {
			at = "/"
		}
		out[at] = a
		return nil
	})
	return out, err
}

// asset answers with a file of the page.
func (w *Web) asset(rc *fasthttp.RequestCtx, path string) {
	a, ok := w.assets[path]
	if !ok {
		text(rc, fasthttp.StatusNotFound, "404: Not Found")
		return
	}
	rc.Response.Header.Set("Vary", "Accept-Encoding")
	if same(rc, a.tag) {
		return
	}
	body := a.plain
	if rc.Request.Header.HasAcceptEncoding("gzip") {
		rc.Response.Header.Set("Content-Encoding", "gzip")
		body = a.small
	}
	send(rc, fasthttp.StatusOK, a.content, body)
}
