package olap

// GPU is what the device that trains told in a round. A nil member, or an empty name, is what it does not tell; all of
// them are where the processor trains.
type GPU struct {
	Name               string   `json:"name,omitempty"`
	UtilizationPercent *int64   `json:"utilization_percent,omitempty"` // share of the last moment in which a kernel ran
	MemoryUsedBytes    *int64   `json:"memory_used_bytes,omitempty"`   // of the device, by all processes
	TemperatureCelsius *int64   `json:"temperature_celsius,omitempty"` // of the chip
	PowerWatts         *float64 `json:"power_watts,omitempty"`
	ClockMHz           *int64   `json:"clock_mhz,omitempty"` // of the multiprocessors
	// EnergyJoules is what the device took from the beginning of the round to the end of its generation, whoever used it.
	EnergyJoules *float64 `json:"energy_joules,omitempty"`
}

// values are the columns of RoundTable.
func (g *GPU) values() []any {
	return []any{optText(g.Name), optInt(g.UtilizationPercent), optInt(g.MemoryUsedBytes), optInt(g.TemperatureCelsius),
		optFloat(g.PowerWatts), optInt(g.ClockMHz), optFloat(g.EnergyJoules)}
}
