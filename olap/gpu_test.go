package olap

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestRoundOfAGPU(t *testing.T) {
	tr := NewTracker(Node{ID: "n"}, nil)
	if _, err := tr.Start(Setup{DomainID: "d"}, epoch); err != nil {
		t.Fatal(err)
	}
	card := GPU{Name: "NVIDIA H200", UtilizationPercent: Int(97), MemoryUsedBytes: Int(1 << 36), TemperatureCelsius: Int(0),
		PowerWatts: Float(612.5), ClockMHz: Int(1980)}
	record := func(g GPU) (*Round, error) {
		rows, err := tr.Record("d", Observation{Performance: -1, GPU: g}, epoch.Add(time.Second))
		if err != nil {
			return nil, err
		}
		return rows[0].Round, nil
	}
	r, err := record(card)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"gpu_name": "NVIDIA H200", "gpu_utilization_percent": int64(97), "gpu_memory_used_bytes": int64(1 << 36),
		"gpu_temperature_celsius": int64(0), "gpu_power_watts": 612.5, "gpu_clock_mhz": int64(1980), "gpu_energy_joules": nil}
	for name, w := range want {
		if got := RoundTable.Column(name).Value(r); got != w {
			t.Errorf("%s = %v, want %v", name, got, w)
		}
	}
	text, err := json.Marshal(r)
	var back Round
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || !reflect.DeepEqual(back.GPU, card) {
		t.Errorf("out of the spool comes %+v, %v", back.GPU, err)
	}
	if r, err := record(GPU{}); err != nil || !reflect.DeepEqual(r.GPU, GPU{}) {
		t.Errorf("without GPU: %+v, %v", r, err)
	}
	for _, bad := range []GPU{{PowerWatts: Float(math.NaN())}, {EnergyJoules: Float(math.Inf(1))}} {
		if _, err := record(bad); !errors.Is(err, ErrInvalidRow) {
			t.Errorf("%+v: %v, want ErrInvalidRow", bad, err)
		}
	}
}
