package olap

import (
	"errors"
	"reflect"
	"testing"
)

// TestRowsOfVersion5: what a program of schema version 5 left in the spool is delivered.
func TestRowsOfVersion5(t *testing.T) {
	const text = `{"experiment":{"experiment_id":"e","domain_id":"d","node_id":"n","hostname":"h","optimizer_plugin":"p",` +
		`"higher_is_better":true,"optimization_config":"{}","param_bounds":"{}","started_at":"s","converged":false,"doin_version":"v",` +
		`"seed":3},"round":{"round_id":"r","experiment_id":"e","domain_id":"d","round_number":2,"timestamp_utc":"t","performance":-0.5,` +
		`"best_performance":-0.25,"performance_delta":0,"is_improvement":false,"parameters":"{\"x\": 1}","best_parameters":"{\"x\": 2}",` +
		`"wall_clock_seconds":1.5,"elapsed_seconds":3,"time_to_current_best_seconds":1,"chain_height":4,"peers_count":5,` +
		`"block_reward_earned":0.5,"converged":false,"details":{"val_mae":0.25,"generation":7,"stage_name":"s"},"metrics":"{}",` +
		`"evaluations":8,"digest":"f","accepted_count":1,"rejected_count":2,"immigrants_count":3,` +
		`"gpu":{"name":"H200","utilization_percent":97}}}`
	row, err := decodeRow([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"performance": -0.5, "parameters": `{"x": 1}`, "val_mae": 0.25, "generation": int64(7), "stage_name": "s", "evaluations": int64(8),
		"gpu_name": "H200", "gpu_utilization_percent": int64(97), "seed": nil, "digest_parameters": nil, "champion_verified": nil,
	} {
		if got := RoundTable.Column(name).Value(row.Round); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if got := ExperimentTable.Column("seed").Value(row.Experiment); got != uint64(3) {
		t.Errorf("the experiment's seed = %v", got)
	}
}

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
