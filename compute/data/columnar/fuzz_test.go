package columnar

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/parquet"
)

// fuzz reads damaged bytes by read.
func fuzz(f *testing.F, read func(*io.SectionReader, int64, Table) error, seeds ...[]byte) {
	for _, b := range seeds {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := &texts{most: 1 << 16}
		err := read(section(b), 1<<20, got)
		if err != nil {
			if !errors.Is(err, ErrContent) && err != errMost {
				t.Fatalf("%v is no ErrContent", err)
			}
			return
		}
		for i, cells := range got.cells {
			if n := int64(len(cells)); n != got.rows && n != 0 { // none of a column that is not read
				t.Fatalf("column %d has %d cells of %d rows", i, len(cells), got.rows)
			}
		}
	})
}

func seeds(f *testing.F, names ...string) (out [][]byte) {
	for _, name := range names {
		b, err := os.ReadFile("../testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func FuzzReadArrow(f *testing.F) {
	record, _ := oneOfEach(f)
	var stream bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(record.Schema()), ipc.WithZstd())
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		f.Fatal(err)
	}
	fuzz(f, ReadArrow, append(seeds(f, "js.arrow", "js.arrows", "nested.arrows"), stream.Bytes())...)
}

func FuzzReadParquet(f *testing.F) {
	b, _ := parquetFile(f, 2, 20, parquet.WithDataPageVersion(parquet.DataPageV2))
	fuzz(f, ReadParquet, append(seeds(f, "js.parquet", "rust_snappy.parquet", "rust_zstd_v2.parquet", "nested.parquet"), b)...)
}
