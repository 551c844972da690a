package columnar

import (
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// leaf is a column of a Parquet file and its place among those that are not nested.
type leaf struct {
	name, refusal string
	at            int
}

// ReadParquet reads a Parquet file, the row groups in their order. What the wanted columns unpack to is at most limit bytes.
// Errors about the content wrap ErrContent; those of t are returned as they stand.
func ReadParquet(all *io.SectionReader, limit int64, t Table) (err error) {
	defer guard(&err)
	allocator := newAllocator(2 * limit)
	props := parquet.NewReaderProperties(allocator)
	props.BufferedStreamEnabled = true // the pages of a chunk one after the other
	r, err := file.NewParquetReader(all, file.WithReadProps(props))
	if err != nil {
		return fmt.Errorf("%w: Parquet: %w", ErrContent, err)
	}
	leaves := leavesOf(r.MetaData().Schema)
	columns := make([]Column, len(leaves))
	for i, l := range leaves {
		columns[i] = Column{l.name, l.refusal}
	}
	wanted, err := t.Begin(columns)
	if err != nil {
		return err
	}
	p := &parquetReader{r: r, all: all, left: limit, t: t, allocator: allocator}
	p.buffers.New = func() any { return memory.NewResizableBuffer(allocator) }
	for g := range r.NumRowGroups() {
		if err := p.group(r.RowGroup(g), leaves, wanted); err != nil {
			return err
		}
	}
	return nil
}

// leavesOf returns the columns of a schema.
func leavesOf(s *schema.Schema) []leaf {
	at := map[string]int{} // of the columns that are not nested
	for i := range s.NumColumns() {
		if c := s.Column(i); c.MaxRepetitionLevel() == 0 && c.MaxDefinitionLevel() <= 1 && len(c.ColumnPath()) == 1 {
			at[c.Name()] = i
		}
	}
	root := s.Root()
	out := make([]leaf, root.NumFields())
	for i := range out {
		f := root.Field(i)
		n, ok := at[f.Name()]
		if out[i] = (leaf{name: f.Name(), at: n}); !ok || f.Type() != schema.Primitive {
			out[i].refusal = "nested columns are not read"
		} else if c := s.Column(n); !known(c) {
			out[i].refusal = fmt.Sprintf("the type %v (%v) is not read", c.LogicalType(), c.PhysicalType())
		}
	}
	return out
}

// parquetReader is one reading.
type parquetReader struct {
	r    *file.Reader
	all  *io.SectionReader
	left int64 // bytes that may be unpacked
	t    Table

	allocator memory.Allocator
	buffers   sync.Pool
}

// group reads a row group.
func (p *parquetReader) group(g *file.RowGroupReader, leaves []leaf, wanted []bool) error {
	rows := g.NumRows()
	if rows < 0 {
		return fmt.Errorf("%w: Parquet: a group of %d rows", ErrContent, rows)
	}
	if err := p.t.Grow(rows); err != nil {
		return err
	}
	for i, l := range leaves {
		if !wanted[i] {
			continue
		}
		if err := p.check(g, l); err != nil {
			return err
		}
		pages, err := g.GetColumnPageReader(l.at)
		if err != nil {
			return refused(l.name, "%v", err)
		}
		column := p.r.MetaData().Schema.Column(l.at)
		c := file.NewColumnReader(column, &checkedPages{PageReader: pages, column: column}, p.allocator, &p.buffers)
		if err := read(c, rows, func(text []byte) error { return emit(p.t, i, l.name, text) }); err != nil {
			return err
		}
	}
	return nil
}

// check bounds what a chunk claims.
func (p *parquetReader) check(g *file.RowGroupReader, l leaf) error {
	c, err := g.MetaData().ColumnChunk(l.at)
	if err != nil {
		return refused(l.name, "%v", err)
	}
	start := c.DataPageOffset()
	if c.HasDictionaryPage() && c.DictionaryPageOffset() > 0 && c.DictionaryPageOffset() < start {
		start = c.DictionaryPageOffset()
	}
	size := c.TotalCompressedSize()
	if start < 0 || size < 0 || start > p.all.Size() || size > p.all.Size()-start {
		return refused(l.name, "a chunk of %d bytes at %d, in a file of %d", size, start, p.all.Size())
	}
	claimed, err := checkPages(p.all, start, size, p.left)
	if err != nil {
		return refused(l.name, "%v", err)
	}
	p.left -= claimed
	return nil
}
