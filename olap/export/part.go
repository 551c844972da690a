package export

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
	"doin.network/node/olap/columnar"
	"doin.network/node/olap/parquet"
)

// escape makes a text a value of a hive folder.
func escape(s string) string {
	s = url.QueryEscape(s)
	if strings.Trim(s, ".") == "" {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return s
}

// RowWriter writes the rows of one file or stream.
type RowWriter interface {
	// Add adds a row by the values of its columns; Close ends what was begun, not what it is written to.
	Add(values []any) error
	Close() error
}

// outlet is where a file's bytes go. Under its final name there is nothing before commit, and after abandon.
type outlet interface {
	io.Writer
	commit() error
	abandon()
}

// opener begins the outlet of a path.
type opener func(ctx context.Context, path string) (outlet, error)

// onDisk is a file with another name until it is whole.
type onDisk struct {
	*os.File
	path string
}

func openOnDisk(_ context.Context, path string) (outlet, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return &onDisk{f, path}, nil
}

func (f *onDisk) commit() error {
	err := f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("export: %s: %w", f.path, err)
	}
	return nil
}

func (f *onDisk) abandon() {
	f.Close()
	os.Remove(f.Name())
}

// part is a file under way.
type part struct {
	RowWriter
	out      outlet
	path     string
	buffered *bufio.Writer
}

// create begins a file of a table; it has its name after finish.
func create(ctx context.Context, open opener, path, format string, t *olap.Table, metadata map[string]string) (_ *part, err error) {
	p := &part{path: path}
	if p.out, err = open(ctx, path); err != nil {
		return nil, err
	}
	p.buffered = bufio.NewWriterSize(p.out, 1<<18)
	if p.RowWriter, err = NewWriter(p.buffered, format, t, metadata); err != nil {
		p.abandon()
		return nil, err
	}
	return p, nil
}

// NewWriter begins a file or a stream of a table: "parquet", "arrow" (a file), "arrows" (a stream, as HTTP sends it) or "csv".
func NewWriter(w io.Writer, format string, t *olap.Table, metadata map[string]string) (RowWriter, error) {
	switch format {
	case "parquet":
		return parquet.NewWriter(w, t, metadata)
	case "arrow", "arrows":
		return newArrow(w, format == "arrows", t, metadata)
	case "csv":
		return newCSV(w, t), nil
	}
	return nil, fmt.Errorf("%w: %q", ErrFormat, format)
}

// finish ends the file and gives it its name.
func (p *part) finish() error {
	err := p.RowWriter.Close()
	if err == nil {
		err = p.buffered.Flush()
	}
	if err != nil {
		p.abandon()
		return fmt.Errorf("export: %s: %w", p.path, err)
	}
	return p.out.commit()
}

// abandon removes the file.
func (p *part) abandon() { p.out.abandon() }

// batchRows is how many rows an Arrow record has.
const batchRows = 8192

// arRowWriter writes an Arrow IPC file, or a stream. It is not compressed: readers in browsers have no zstd.
type arRowWriter struct {
	builder *columnar.Builder
	out     interface {
		Write(record arrow.Record) error
		Close() error
	}
}

// counter is a writer that knows how much it has written, which is all that the format asks of a file.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.ErrUnsupported
	}
	return c.n, nil
}

func newArrow(w io.Writer, stream bool, t *olap.Table, metadata map[string]string) (*arRowWriter, error) {
	schema := columnar.Schema(t, metadata)
	a := &arRowWriter{builder: columnar.NewBuilder(memory.DefaultAllocator, t, schema)}
	if stream {
		a.out = ipc.NewWriter(w, ipc.WithSchema(schema))
		return a, nil
	}
	file, err := ipc.NewFileWriter(&counter{Writer: w}, ipc.WithSchema(schema))
	a.out = file
	return a, err
}

func (a *arRowWriter) Add(values []any) error {
	if err := a.builder.Add(values); err != nil || a.builder.Rows() < batchRows {
		return err
	}
	return a.flush()
}

func (a *arRowWriter) flush() error {
	record := a.builder.Record()
	defer record.Release()
	return a.out.Write(record)
}

// Close implements RowWriter. A stream without rows has its schema all the same.
func (a *arRowWriter) Close() error {
	defer a.builder.Release()
	if err := a.flush(); err != nil {
		return err
	}
	return a.out.Close()
}

// csvWriter writes a CSV file with a header: numbers and JSON as the tables have them, booleans as true and false, NULL as
// nothing.
type csvWriter struct {
	out   *csv.Writer
	cells []string
	table *olap.Table
}

func newCSV(w io.Writer, t *olap.Table) *csvWriter {
	c := &csvWriter{out: csv.NewWriter(w), cells: t.Names(olap.SchemaVersion), table: t}
	_ = c.out.Write(c.cells) // the writer keeps its error
	return c
}

func (c *csvWriter) Add(values []any) error {
	for i, v := range values {
		switch v := v.(type) {
		case string:
			c.cells[i] = v
		case int64:
			if c.cells[i] = strconv.FormatInt(v, 10); c.table.Columns[i].Type.ID() == arrow.BOOL {
				c.cells[i] = strconv.FormatBool(v != 0)
			}
		case uint64:
			c.cells[i] = strconv.FormatUint(v, 10)
		case float64:
			c.cells[i] = canon.FormatFloat(v)
		case bool:
			c.cells[i] = strconv.FormatBool(v)
		default:
			c.cells[i] = ""
		}
	}
	return c.out.Write(c.cells)
}

func (c *csvWriter) Close() error {
	c.out.Flush()
	return c.out.Error()
}
