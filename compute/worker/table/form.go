package table

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Form is how a table stands in bytes. They tell their form: JSON lines begin with '{', and no Arrow IPC stream does.
type Form string

// The forms.
const (
	Arrow     Form = ""           // an Arrow IPC stream: Encode
	JSONLines Form = "json_lines" // one JSON object a line: EncodeLines
)

// Valid reports whether the form is one of those above.
func (f Form) Valid() bool { return f == Arrow || f == JSONLines }

// Encode writes t in the form.
func (f Form) Encode(mem memory.Allocator, t *Table) ([]byte, error) {
	switch f {
	case Arrow:
		return Encode(mem, t)
	case JSONLines:
		return EncodeLines(t)
	}
	return nil, fmt.Errorf("%w: form %.32q", ErrTable, string(f))
}

// FormOf returns the form of a table's bytes.
func FormOf(data []byte) Form {
	if len(data) > 0 && data[0] == '{' {
		return JSONLines
	}
	return Arrow
}

// Read is Decode or DecodeLines, as the bytes have it.
func Read(mem memory.Allocator, data []byte, limit int64) (*Table, error) {
	if FormOf(data) == JSONLines {
		return DecodeLines(data, limit)
	}
	return Decode(mem, data, limit)
}
