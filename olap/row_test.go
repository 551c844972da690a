package olap

import (
	"errors"
	"reflect"
	"testing"
)

// FuzzRow: whatever the spool holds, reading a row gives a row that every sink can store, or an error; and such a row keeps
// its form.
func FuzzRow(f *testing.F) {
	f.Add([]byte(`{"domain":{"domain_id":"d"}}`))
	f.Add([]byte(`{"chain_rollback":{"height":-1}}`))
	f.Add([]byte(`{"experiment":{"experiment_id":"e","domain_id":"d"},"round":{"round_id":"r","experiment_id":"e","domain_id":"d",` +
		`"round_number":1,"details":{"val_mae":0.5,"generation":3},"gpu":{"name":"g"},"seed":18446744073709551615}}`))
	f.Add([]byte(`{"experiment":{"experiment_id":"e","domain_id":"d"},"claim":{"claim_event_id":"c","experiment_id":"e",` +
		`"domain_id":"d","proposal":1,"stage":"accepted"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		row, err := decodeRow(data)
		if err != nil {
			if !errors.Is(err, ErrInvalidRow) {
				t.Fatalf("decodeRow(%q) = %v, want ErrInvalidRow", data, err)
			}
			return
		}
		if table, content := row.Content(); table != nil {
			table.Values(content)
		}
		again, err := row.encode()
		if err != nil {
			t.Fatalf("encode of %q = %v", data, err)
		}
		if back, err := decodeRow(again); err != nil || !reflect.DeepEqual(back, row) {
			t.Fatalf("decodeRow(encode(%q)) = %+v, %v, want %+v", data, back, err, row)
		}
	})
}
