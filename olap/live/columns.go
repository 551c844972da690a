package live

import (
	"encoding/binary"
	"encoding/json"
	"math"
)

// Columns is an answer as a browser reads it without parsing: a head in JSON, and arrays. On the wire, all little-endian:
//
//	0           uint32   length of the head, padding included
//	4           uint32   0
//	8           the head {"columns":[{"name","type","count"},…], …} as JSON, padded with spaces to a multiple of 8
//	8 + length  the columns in their order, each padded with zeros to a multiple of 8
//
// Types are f64, f32, u16 and u8.
type Columns struct {
	// Head is what else the answer says; "columns" is ours.
	Head map[string]any
	list []column
	data []byte
}

type column struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Count int    `json:"count"`
}

// F64 appends a column of binary64 numbers.
func (c *Columns) F64(name string, values []float64) {
	c.list = append(c.list, column{name, "f64", len(values)})
	for _, v := range values {
		c.data = binary.LittleEndian.AppendUint64(c.data, math.Float64bits(v))
	}
}

// F32 appends a column of numbers, rounded to binary32.
func (c *Columns) F32(name string, values []float64) {
	c.list = append(c.list, column{name, "f32", len(values)})
	for _, v := range values {
		c.data = binary.LittleEndian.AppendUint32(c.data, math.Float32bits(float32(v)))
	}
	c.pad()
}

// U16 appends a column of numbers below 2^16.
func (c *Columns) U16(name string, values []uint16) {
	c.list = append(c.list, column{name, "u16", len(values)})
	for _, v := range values {
		c.data = binary.LittleEndian.AppendUint16(c.data, v)
	}
	c.pad()
}

// U8 appends a column of bytes.
func (c *Columns) U8(name string, values []uint8) {
	c.list = append(c.list, column{name, "u8", len(values)})
	c.data = append(c.data, values...)
	c.pad()
}

func (c *Columns) pad() {
	for len(c.data)%8 != 0 {
		c.data = append(c.data, 0)
	}
}

// encode returns the wire form.
func (c *Columns) encode() ([]byte, error) {
	head := map[string]any{"columns": c.list}
	if c.list == nil {
		head["columns"] = []column{}
	}
	for k, v := range c.Head {
		head[k] = v
	}
	text, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	out := make([]byte, 8, 8+len(text)+len(c.data))
	binary.LittleEndian.PutUint32(out, uint32(len(text)))
	return append(append(out, text...), c.data...), nil
}
