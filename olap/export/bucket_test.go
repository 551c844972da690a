package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// store is an object store that speaks as much of S3 as an export needs.
type store struct {
	mu      sync.Mutex
	objects map[string][]byte
	parts   map[string]map[int][]byte // of uploads under way, by path
	largest int
	refuses func(path string, part int) bool
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, path := r.URL.Query(), r.URL.Path
	switch {
	case r.Method == "GET":
		fmt.Fprint(w, "<ListBucketResult>")
		for key := range s.objects {
			if name := strings.TrimPrefix(key, "/bucket/"); strings.HasPrefix(name, q.Get("prefix")) {
				fmt.Fprintf(w, "<Contents><Key>%s</Key></Contents>", name)
			}
		}
		fmt.Fprint(w, "</ListBucketResult>")
	case r.Method == "POST" && q.Has("uploads"):
		s.parts[path] = map[int][]byte{}
		fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
	case r.Method == "PUT":
		data, _ := io.ReadAll(r.Body)
		n, _ := strconv.Atoi(q.Get("partNumber"))
		if s.refuses(path, n) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>no more</Message></Error>")
			return
		}
		s.largest = max(s.largest, len(data))
		s.parts[path][n] = data
		w.Header().Set("ETag", `"e"`)
	case r.Method == "POST":
		var all []byte
		for n := 1; n <= len(s.parts[path]); n++ {
			all = append(all, s.parts[path][n]...)
		}
		s.objects[path] = all
		delete(s.parts, path)
		fmt.Fprint(w, `<CompleteMultipartUploadResult><Bucket>bucket</Bucket><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == "DELETE":
		delete(s.parts, path)
		w.WriteHeader(http.StatusNoContent)
	}
}

func newStore(t *testing.T) (*store, func(address string) *Bucket) {
	t.Helper()
	s := &store{objects: map[string][]byte{}, parts: map[string]map[int][]byte{}, refuses: func(string, int) bool { return false }}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	env := map[string]string{"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": server.URL}
	return s, func(address string) *Bucket {
		t.Helper()
		b, err := OpenBucket(address, func(name string) string { return env[name] })
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// TestBucket: a bucket gets the files that a folder gets, byte for byte, and is not written over.
func TestBucket(t *testing.T) {
	s, open := newStore(t)
	path, dir := sample(t), filepath.Join(t.TempDir(), "out")
	if _, err := write(t, path, Job{Format: "csv", Dir: dir}); err != nil {
		t.Fatal(err)
	}
	sum, err := write(t, path, Job{Format: "csv", Bucket: open("s3://bucket/a/b/")})
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if sum.Files != len(files) || len(s.objects) != len(files) || len(s.parts) != 0 {
		t.Errorf("%d objects, %d under way, summary %d, want %d", len(s.objects), len(s.parts), sum.Files, len(files))
	}
	for _, file := range files {
		if got, want := s.objects["/bucket/a/b/"+filepath.Base(file)], readFile(t, file); !bytes.Equal(got, want) {
			t.Errorf("%s = %q, want %q", file, got, want)
		}
	}
	if _, err := write(t, path, Job{Format: "csv", Bucket: open("s3://bucket/a")}); !errors.Is(err, ErrOut) {
		t.Errorf("Write over what is there = %v, want ErrOut", err)
	}
	if _, err := write(t, path, Job{Format: "sqlite", Bucket: open("s3://bucket/c")}); !errors.Is(err, ErrFormat) {
		t.Errorf("Write of a database = %v, want ErrFormat", err)
	}
}

// TestBucketFails: an object that the store stops taking in the middle does not appear, and no part of it stays.
func TestBucketFails(t *testing.T) {
	s, open := newStore(t)
	b := open("s3://bucket/p")
	send := func(name string) error {
		t.Helper()
		o, err := b.open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		piece := make([]byte, 1<<20)
		for range 20 {
			if _, err := o.Write(piece); err != nil {
				o.abandon()
				return err
			}
		}
		return o.commit()
	}
	if err := send("whole"); err != nil || len(s.objects["/bucket/p/whole"]) != 20<<20 || s.largest > partBytes {
		t.Errorf("an object of 20 MiB = %v, %d bytes, a part has %d", err, len(s.objects["/bucket/p/whole"]), s.largest)
	}
	s.refuses = func(_ string, part int) bool { return part == 2 }
	if err := send("half"); err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("an object of which the second part is refused = %v, want the store's words", err)
	}
	s.refuses = func(path string, _ int) bool { return strings.Contains(path, "fact_trial") }
	_, err := write(t, sample(t), Job{Format: "parquet", Bucket: open("s3://bucket/q")})
	if err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("Write to a store that refuses = %v, want its words", err)
	}
	for key := range s.objects {
		if strings.Contains(key, "half") || strings.Contains(key, "fact_trial") {
			t.Errorf("%s is there", key)
		}
	}
	if len(s.parts) != 0 {
		t.Errorf("%d uploads are left under way", len(s.parts))
	}
}

func TestBucketAddress(t *testing.T) {
	f := func(address string, env []string, says string) {
		t.Helper()
		getenv := func(name string) string {
			if i := slices.Index(env, name); i >= 0 {
				return env[i+1]
			}
			return ""
		}
		if _, err := OpenBucket(address, getenv); !errors.Is(err, ErrBucket) || !strings.Contains(err.Error(), says) {
			t.Errorf("OpenBucket(%q, %q) = %v, want ErrBucket with %q", address, env, err, says)
		}
	}
	keys := []string{"AWS_ACCESS_KEY_ID", "k", "AWS_SECRET_ACCESS_KEY", "s"}
	f("s3://", keys, "s3://BUCKET/PREFIX")
	f("s3://b/p", nil, "AWS_ACCESS_KEY_ID")
	f("s3://b/p", append(keys, "AWS_ENDPOINT_URL", "localhost:9000"), "http://HOST:PORT")
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
