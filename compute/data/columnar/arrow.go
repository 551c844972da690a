package columnar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
)

// magic begins an Arrow file; it ends with the first six bytes again, before them a footer and its length.
var magic = []byte("ARROW1\x00\x00")

// IsArrow reports whether the first bytes of a file, at least eight, are those of an Arrow IPC file or stream; file says which.
func IsArrow(head []byte) (file, ok bool) {
	if bytes.HasPrefix(head, magic) {
		return true, true
	}
	// A stream begins with the mark of a message and the length of a schema.
	return false, len(head) >= 8 && bytes.HasPrefix(head, []byte("\xff\xff\xff\xff")) && head[7] == 0
}

// ReadArrow reads an Arrow IPC file or stream, the batches in their order. It takes at most limit bytes beside those of the
// file. Errors about the content wrap ErrContent; those of t are returned as they stand.
func ReadArrow(all *io.SectionReader, limit int64, t Table) (err error) {
	defer guard(&err)
	all = io.NewSectionReader(all, 0, all.Size())
	head := make([]byte, 8)
	if _, err := all.ReadAt(head, 0); err != nil {
		return fmt.Errorf("%w: Arrow: %w", ErrContent, err)
	}
	memory := ipc.WithAllocator(newAllocator(limit + 2*all.Size()))
	if file, _ := IsArrow(head); file {
		return readFile(all, memory, t)
	}
	messages := &messageReader{r: all, left: all.Size()}
	defer messages.Release()
	r, err := ipc.NewReaderFromMessageReader(messages, memory)
	if err != nil {
		return fmt.Errorf("%w: Arrow: %w", ErrContent, err)
	}
	defer r.Release()
	wanted, err := t.Begin(columnsOf(r.Schema()))
	for err == nil && r.Next() {
		err = record(r.Record(), wanted, t)
	}
	if err == nil && r.Err() != nil {
		err = fmt.Errorf("%w: Arrow: %w", ErrContent, r.Err())
	}
	return err
}

// readFile reads an Arrow file by its footer.
func readFile(all *io.SectionReader, memory ipc.Option, t Table) error {
	if err := checkFile(all); err != nil {
		return fmt.Errorf("%w: Arrow: %w", ErrContent, err)
	}
	r, err := ipc.NewFileReader(all, memory)
	if err != nil {
		return fmt.Errorf("%w: Arrow: %w", ErrContent, err)
	}
	defer r.Close()
	wanted, err := t.Begin(columnsOf(r.Schema()))
	for i := 0; err == nil && i < r.NumRecords(); i++ {
		batch, bad := r.Record(i)
		if bad != nil {
			return fmt.Errorf("%w: Arrow: %w", ErrContent, bad)
		}
		err = record(batch, wanted, t)
	}
	return err
}

// checkFile verifies the footer and the messages that it names, without their bodies.
func checkFile(all *io.SectionReader) error {
	const tail = 10 // length of the footer, and the mark
	if all.Size() < int64(len(magic))+tail {
		return errors.New("the file ends early")
	}
	end := make([]byte, tail)
	if _, err := all.ReadAt(end, all.Size()-tail); err != nil {
		return err
	}
	size := int64(binary.LittleEndian.Uint32(end))
	switch {
	case !bytes.Equal(end[4:], magic[:6]):
		return errors.New("no footer: the file ends early")
	case size > maxMeta || size > all.Size()-tail:
		return fmt.Errorf("a footer of %d bytes", size)
	}
	footer := make([]byte, size)
	if _, err := all.ReadAt(footer, all.Size()-tail-size); err != nil {
		return err
	}
	return verifyFooter(footer, func(at, meta, body int64) error {
		if at < 0 || meta < 8 || body < 0 || meta > maxMeta || at > all.Size() || meta > all.Size()-at || body > all.Size()-at-meta {
			return fmt.Errorf("a message of %d and %d bytes at %d", meta, body, at)
		}
		b := make([]byte, meta)
		if _, err := all.ReadAt(b, at); err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(b) == continuation {
			return verify(b[8:])
		}
		return verify(b[4:])
	})
}

// columnsOf returns the columns of a schema.
func columnsOf(s *arrow.Schema) []Column {
	out := make([]Column, s.NumFields())
	for i, f := range s.Fields() {
		if out[i].Name = f.Name; !readable(f.Type) {
			out[i].Refusal = fmt.Sprintf("the type %v is not read: it is nested, or no number, time, text or boolean", f.Type)
		}
	}
	return out
}

// record reads a batch.
func record(batch arrow.Record, wanted []bool, t Table) error {
	rows := batch.NumRows()
	if rows < 0 {
		return fmt.Errorf("%w: Arrow: a batch of %d rows", ErrContent, rows)
	}
	if err := t.Grow(rows); err != nil {
		return err
	}
	var text []byte
	for i := range wanted {
		if !wanted[i] {
			continue
		}
		a, name := batch.Column(i), batch.ColumnName(i)
		if int64(a.Len()) != rows {
			return refused(name, "%d values in a batch of %d rows", a.Len(), rows)
		}
		write := writer(a)
		for row := range a.Len() {
			if text = text[:0]; a.IsValid(row) {
				text = write(text, row)
			}
			if err := emit(t, i, name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// readable reports whether a column of a type is read.
func readable(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.NULL, arrow.BOOL, arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL128, arrow.DECIMAL256, arrow.STRING, arrow.LARGE_STRING,
		arrow.BINARY, arrow.LARGE_BINARY, arrow.DATE32, arrow.DATE64, arrow.TIMESTAMP, arrow.TIME32, arrow.TIME64:
		return true
	case arrow.DICTIONARY:
		values := t.(*arrow.DictionaryType).ValueType
		return values.ID() != arrow.DICTIONARY && readable(values)
	}
	return false
}
