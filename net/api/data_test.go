package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shelf gives files away by their hash, and refuses where it is told to.
type shelf struct {
	files  map[string]string
	refuse error
}

func (s shelf) File(hash string) (string, int64, error) {
	path, ok := s.files[hash]
	switch {
	case s.refuse != nil:
		return "", 0, s.refuse
	case !ok:
		return "", 0, ErrNotFound
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	return path, info.Size(), nil
}

// TestData: a file is had whole, compressed, and in parts; what is refused is said.
func TestData(t *testing.T) {
	content := strings.Repeat("1958-03,315.71\n", 20000)
	path := filepath.Join(t.TempDir(), "co2.csv")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(content))
	hash := hex.EncodeToString(sum[:])
	f := newFake(t)
	open := func(s shelf) (*API, string) {
		cfg := DefaultConfig()
		cfg.Port = 8470
		a, err := New(cfg, Parts{Node: f, Chain: chainPart{f}, Tasks: f, Inference: f, Stats: statsPart{f}, Peers: f, Flood: f,
			Genesis: []byte(`{"protocol": 1}`), Data: s})
		if err != nil {
			t.Fatal(err)
		}
		return a, listen(t, a)
	}
	a, base := open(shelf{files: map[string]string{hash: path}})
	plain := map[string]string{"Accept-Encoding": "identity"}
	g := func(hash string, headers map[string]string, code int, want, contentRange string) {
		t.Helper()
		got, h, body := request(t, "GET", base+"/data/"+hash, "", headers)
		if got != code || !strings.Contains(body, want) || code < 300 && len(body) != len(want) || h.Get("Content-Range") != contentRange {
			t.Errorf("%.8s %v = %d %.80q %q, want %d %.80q %q", hash, headers, got, body, h.Get("Content-Range"), code, want, contentRange)
		}
	}
	size := len(content)
	g(hash, plain, 200, content, "")
	g(hash, map[string]string{"Range": "bytes=15-21"}, 206, content[15:22], fmt.Sprintf("bytes 15-21/%d", size))
	g(hash, map[string]string{"Range": fmt.Sprintf("bytes=%d-", size-3), "Accept-Encoding": "gzip"}, 206, content[size-3:], fmt.Sprintf("bytes %d-%d/%d", size-3, size-1, size))
	g(hash, map[string]string{"Range": fmt.Sprintf("bytes=%d-", size)}, 416, "416", fmt.Sprintf("bytes */%d", size))
	g(hash, map[string]string{"Range": "bytes=0-1", "If-Range": `"other"`, "Accept-Encoding": "identity"}, 200, content, "")
	g(strings.Repeat("0", 64), nil, 404, "unknown file", "")
	g("..%2f..%2fetc", nil, 404, "404", "")
	g("co2.csv", nil, 400, "bad hash", "")
	code, h, body := request(t, "GET", base+"/data/"+hash, "", map[string]string{"Accept-Encoding": "gzip"})
	zip, err := gzip.NewReader(strings.NewReader(body))
	if err != nil || code != 200 || h.Get("Content-Encoding") != "gzip" || h.Get("ETag") != `"`+hash+`"` || len(body) > size/10 {
		t.Fatalf("compressed: %d %v, %d bytes, %v", code, h, len(body), err)
	}
	if all, err := io.ReadAll(zip); err != nil || !bytes.Equal(all, []byte(content)) {
		t.Errorf("unpacked: %d bytes, %v, want %d", len(all), err, size)
	}
	if code, h, body = request(t, "HEAD", base+"/data/"+hash, "", plain); code != 200 || body != "" || h.Get("Content-Length") != fmt.Sprint(size) {
		t.Errorf("HEAD = %d %v %q", code, h, body)
	}
	if code, _, body = request(t, "GET", base+"/genesis", "", nil); code != 200 || body != `{"protocol": 1}` {
		t.Errorf("GET /genesis = %d %s", code, body)
	}
	if err := os.WriteFile(path, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for a.files.count() != 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d places are taken after all answers", a.files.count())
		}
		time.Sleep(time.Millisecond)
	}
	_, base = open(shelf{refuse: fmt.Errorf("%w: share_data is false", ErrForbidden)})
	g(hash, plain, 403, "share_data is false", "")
}
