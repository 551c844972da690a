package live_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

// printed is columns as text: the head, then a line for each.
func printed(t *testing.T, data []byte) string {
	t.Helper()
	n := int(binary.LittleEndian.Uint32(data))
	var head map[string]any
	if err := json.Unmarshal(data[8:8+n], &head); err != nil {
		t.Fatal(err)
	}
	columns := head["columns"].([]any)
	delete(head, "columns")
	text, err := json.Marshal(head)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(text)
	at := 8 + n
	for _, c := range columns {
		c := c.(map[string]any)
		size := map[string]int{"f64": 8, "f32": 4, "u16": 2, "u8": 1}[c["type"].(string)]
		fmt.Fprintf(&b, "\n  %s %s:", c["name"], c["type"])
		for i := range int(c["count"].(float64)) {
			v := data[at+i*size:]
			switch size {
			case 8:
				fmt.Fprintf(&b, " %.9g", math.Float64frombits(binary.LittleEndian.Uint64(v)))
			case 4:
				fmt.Fprintf(&b, " %.6g", math.Float32frombits(binary.LittleEndian.Uint32(v)))
			case 2:
				fmt.Fprintf(&b, " %d", binary.LittleEndian.Uint16(v))
			default:
				fmt.Fprintf(&b, " %d", v[0])
			}
		}
		at += (int(c["count"].(float64))*size + 7) / 8 * 8
	}
	return b.String()
}
