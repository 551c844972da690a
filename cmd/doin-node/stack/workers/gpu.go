package workers

import (
	"context"
	"math"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// gpuTimeout bounds a reading: a round does not wait for a device that has no time to tell of itself.
const gpuTimeout = time.Second

// Reading is what the device behind a worker tells of itself at a moment.
type Reading struct {
	olap.GPU
	energy *float64 // joules since some moment
}

// GPU reads the device that trains a domain's networks; ok is false where that is the processor, or nothing is told.
func (w *Workers) GPU(ctx context.Context, domain string) (r Reading, ok bool) {
	s := w.of[domain]
	if s == nil {
		return r, false
	}
	if d, known := s.Description(); !known || !d.HasGPU {
		return r, false
	}
	ctx, cancel := context.WithTimeout(ctx, gpuTimeout)
	defer cancel()
	t, err := s.Telemetry(ctx)
	if err != nil {
		return r, false
	}
	return readGPU(t)
}

// readGPU picks the first of the GPUs out of a worker's telemetry. What is missing, null, of another type or not finite is
// taken for not told: the worker may be anybody's program.
func readGPU(telemetry *canon.Object) (r Reading, ok bool) {
	list, err := telemetry.ListOr("gpus", nil)
	if err != nil || len(list) == 0 {
		return r, false
	}
	o, ok := list[0].(*canon.Object)
	if !ok {
		return r, false
	}
	whole := func(key string) *int64 {
		if v, _ := o.Get(key); v != nil {
			if n, ok := v.(int64); ok {
				return &n
			}
		}
		return nil
	}
	number := func(key string) *float64 {
		if v, _ := o.Get(key); v != nil {
			if f, err := canon.AsFloat(v); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
				return &f
			}
		}
		return nil
	}
	r.Name, _ = o.StringOr("name", "")
	if len(r.Name) > maxGPUName {
		r.Name = r.Name[:maxGPUName]
	}
	r.UtilizationPercent, r.MemoryUsedBytes = whole("utilization_percent"), whole("memory_used_bytes")
	r.TemperatureCelsius, r.ClockMHz = whole("temperature_celsius"), whole("sm_clock_mhz")
	r.PowerWatts, r.energy = number("power_watts"), number("energy_joules")
	return r, true
}

// maxGPUName bounds the name of a device in a row.
const maxGPUName = 256

// Since returns the reading with the energy since an earlier one, where both know the counter and it has not begun anew.
func (r Reading) Since(before Reading) olap.GPU {
	g := r.GPU
	if r.energy != nil && before.energy != nil && *r.energy >= *before.energy {
		g.EnergyJoules = olap.Float(*r.energy - *before.energy)
	}
	return g
}
