package data_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"doin.network/node/compute/data"
)

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zst(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// zipped makes an archive of files, by name and content.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = io.WriteString(f, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const small = "a,b\n1,2\n3,4\n"

func TestCompressed(t *testing.T) {
	f := func(compression string, file []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "no.name")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		fromFile, err := data.Read(path, data.Options{}, nil)
		if err != nil {
			t.Errorf("%s: %v", compression, err)
			return
		}
		fromStream, err := data.ReadFrom(io.MultiReader(bytes.NewReader(file)), data.Options{}, nil)
		if err != nil {
			t.Errorf("%s, stream: %v", compression, err)
			return
		}
		for _, g := range []*data.Grid{fromFile, fromStream} {
			if got, want := show(g), "a|b\n1|2\n3|4"; got != want || g.Reading().Compression != compression {
				t.Errorf("%s: %q, %q, want %q", compression, got, g.Reading().Compression, want)
			}
		}
	}
	f("", []byte(small))
	f("gzip", gz(t, []byte(small)))
	f("gzip", append(gz(t, []byte(small[:5])), gz(t, []byte(small[5:]))...))
	f("zstd", zst(t, []byte(small)))
	f("zip", zipped(t, "folder/", "", "folder/a.csv", small, "__MACOSX/a.csv", "x", "folder/.DS_Store", "x"))
	f("bzip2", []byte("\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x03\x0c\x1f\x1b\x00\x00\x05\x59\x00\x00\x10\x00\x04\x3c\x00\x30\x00\x20\x00\x22\x1e\xa1\x88\x43\x02\x27\x34\xe3\x80\x1e\x2e\xe4\x8a\x70\xa1\x20\x06\x18\x3e\x36"))
}

func TestCompressedRefuses(t *testing.T) {
	f := func(name string, file []byte, want string) {
		t.Helper()
		for _, r := range []io.Reader{bytes.NewReader(file), io.MultiReader(bytes.NewReader(file))} {
			if _, err := data.ReadFrom(r, data.Options{}, nil); !errors.Is(err, data.ErrData) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
	packed := gz(t, table(1<<16))
	f("cut gzip", packed[:len(packed)/2], "gzip: the file ends in the middle")
	packed[len(packed)-6]++
	f("damaged gzip", packed, "gzip: ")
	f("cut zstd", zst(t, table(1<<16))[:999], "zstd: the file ends in the middle")
	f("two files", zipped(t, "a.csv", small, "b.csv", small), "2 files")
	f("no file", zipped(t, "a/", ""), "no file")
	f("a workbook", zipped(t, "[Content_Types].xml", "", "xl/workbook.xml", ""), "save the sheet as CSV")
	f("no archive", []byte("PK\x03\x04 and no more"), "zip: ")
	f("twice", gz(t, gz(t, []byte(small))), "still compressed")
	f("xz", []byte("\xfd7zXZ\x00...."), "xz")
}

// TestReadText: what is packed is no text, and the encoding of the options is that of their file.
func TestReadText(t *testing.T) {
	g, err := data.ReadText(strings.NewReader("a;b\né;1\n"), data.Options{Encoding: "windows-1252"}, nil)
	if err != nil || show(g) != "a|b\né|1" {
		t.Errorf("ReadText: %v", err)
	}
	for _, file := range [][]byte{gz(t, []byte(small)), zipped(t, "a.csv", small), testFile(t, "js.parquet"), testFile(t, "js.arrow")} {
		if _, err := data.ReadText(bytes.NewReader(file), data.Options{}, nil); !errors.Is(err, data.ErrData) {
			t.Errorf("ReadText(%.20q…): %v, want an error", file, err)
		}
	}
}

// sevens gives 7 without end.
type sevens struct{}

func (sevens) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '7'
	}
	return len(p), nil
}

// TestBombs: what unpacks to more than memory should hold ends early.
func TestBombs(t *testing.T) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write([]byte("a,b\n"))
	io.CopyN(w, sevens{}, 17<<20)
	w.Close()
	for _, file := range [][]byte{out.Bytes(), zst(t, bytes.Repeat([]byte("a"), 17<<20))} {
		if _, err := data.ReadFrom(bytes.NewReader(file), data.Options{}, nil); !errors.Is(err, data.ErrData) {
			t.Errorf("a row of 17 MiB in %d bytes: %v, want an error", len(file), err)
		}
	}
}

func TestProgress(t *testing.T) {
	file := table(9 << 20)
	var reports []int64
	o := data.Options{Progress: func(done, total int64) {
		if total != int64(len(file)) {
			t.Errorf("of %d bytes, want %d", total, len(file))
		}
		reports = append(reports, done)
	}}
	g, err := data.ReadFrom(bytes.NewReader(file), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(reports); n < 3 || reports[n-1] != int64(len(file)) {
		t.Errorf("reports %d, want at least 3 and %d at the end", reports, len(file))
	}
	if r := g.Reading(); r.Options().Progress != nil {
		t.Error("the reading keeps the callback")
	}
}
