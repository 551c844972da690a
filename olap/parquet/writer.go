// Package parquet writes rows of the tables of package olap as Parquet files.
//
// Files are compressed by zstd at level 3, in row groups of RowGroup rows. Columns without repetition (keys, JSON, numbers) have
// no dictionary: it would be built, found too large and thrown away. The key-value metadata says of what the rows are a
// state: schema version, height and tip of the chain.
package parquet

import (
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"doin.network/node/olap"
	"doin.network/node/olap/columnar"
)

// RowGroup is how many rows a row group has, the last one excepted; readers decode one at a time. It is DuckDB's own.
const RowGroup = 122_880

// batchRows is how many rows are handed on together.
const batchRows = 8192

// Writer writes one file.
type Writer struct {
	builder *columnar.Builder
	file    *pqarrow.FileWriter
	group   int // rows of the row group under way
}

// NewWriter begins a file. The caller closes w after Close.
func NewWriter(w io.Writer, t *olap.Table, metadata map[string]string) (*Writer, error) {
	schema := columnar.Schema(t, metadata)
	options := []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(3),
		parquet.WithMaxRowGroupLength(RowGroup), parquet.WithVersion(parquet.V2_LATEST), parquet.WithCreatedBy("doin-node"),
		parquet.WithRootRepetition(parquet.Repetitions.Required)} // a repeated root, the default, confuses hyparquet
	for i := range t.Columns {
		if unlike(&t.Columns[i]) {
			options = append(options, parquet.WithDictionaryFor(t.Columns[i].Name, false))
		}
	}
	file, err := pqarrow.NewFileWriter(schema, onlyWriter{w}, parquet.NewWriterProperties(options...),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, err
	}
	return &Writer{builder: columnar.NewBuilder(memory.DefaultAllocator, t, schema), file: file}, nil
}

// onlyWriter hides that a file can be closed: the format's writer would.
type onlyWriter struct{ io.Writer }

// unlike reports whether a column's values are seldom equal.
func unlike(c *olap.Column) bool {
	switch c.Name {
	case "round_id", "claim_event_id", "generation_id", "migration_id", "tx_id", "block_hash", "previous_hash", "digest":
		return true
	}
	return c.JSON() || c.Time() || c.Type.ID() == arrow.FLOAT64 || c.Type.ID() == arrow.UINT64 || c.Key && c.Ref == ""
}

// Add adds a row; see columnar.Builder.
func (w *Writer) Add(values []any) error {
	if err := w.builder.Add(values); err != nil {
		return err
	}
	if w.builder.Rows() == min(batchRows, RowGroup-w.group) {
		return w.flush()
	}
	return nil
}

func (w *Writer) flush() error {
	n := w.builder.Rows()
	if n == 0 {
		return nil
	}
	record := w.builder.Record()
	defer record.Release()
	if w.group == 0 {
		w.file.NewBufferedRowGroup()
	}
	if w.group += n; w.group == RowGroup {
		w.group = 0
	}
	return w.file.WriteBuffered(record)
}

// Close ends the file.
func (w *Writer) Close() error {
	defer w.builder.Release()
	if err := w.flush(); err != nil {
		return err
	}
	return w.file.Close()
}
