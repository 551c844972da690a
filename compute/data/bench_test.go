package data_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"doin.network/node/compute/data"
)

// rowsOf is a table of so many bytes, made as it is read: ten numbers, a time and a name a row.
type rowsOf struct {
	left, row int
	rest      []byte
}

func (r *rowsOf) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left <= 0 {
			return 0, io.EOF
		}
		var b bytes.Buffer
		if r.row == 0 {
			b.WriteString("time,name,a,b,c,d,e,f,g,h,i,j\n")
		}
		for range 100 {
			x := r.row * 7919 % 100_003
			fmt.Fprintf(&b, "2020-01-%02d %02d:00:00,n%d,%d.25,-%d.125,%d,0.%d,1e%d,%d.5,%d.75,%d,%d.0,%d\n", 1+r.row/24%28, r.row%24, x%17,
				x, x/3, x/7, x, x%9, x*3, x*5, x*11, x*13, x%1000)
			r.row++
		}
		r.rest = b.Bytes()
		r.left -= len(r.rest)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func table(size int) []byte {
	out, err := io.ReadAll(&rowsOf{left: size})
	if err != nil {
		panic(err)
	}
	return out
}

func BenchmarkRead(b *testing.B) {
	file := table(16 << 20)
	latin := bytes.ReplaceAll(file, []byte(",n1,"), []byte(",n\xe9,"))
	for _, c := range []struct {
		name string
		file []byte
		keep func(string) bool
	}{
		{"all", file, nil},
		{"two", file, func(name string) bool { return name == "time" || name == "a" }},
		{"windows-1252", latin, nil},
		{"utf-16", []byte(wide(string(file), 0)), nil},
		{"gzip", gz(b, file), nil},
		{"zstd", zst(b, file), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(file))) // as UTF-8
			b.ReportAllocs()
			for b.Loop() {
				if _, err := data.ReadFrom(bytes.NewReader(c.file), data.Options{}, c.keep); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestMemory: a table takes little more than its file.
func TestMemory(t *testing.T) {
	const size = 8 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g, err := data.ReadFrom(&rowsOf{left: size}, data.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if took := int64(after.HeapAlloc) - int64(before.HeapAlloc); took > 2*size {
		t.Errorf("a table of %d bytes takes %d, want at most twice", size, took)
	}
	runtime.KeepAlive(g)
}
