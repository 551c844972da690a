package olap

// GPU is what the device that trains told in a round. A nil member, or an empty name, is what it does not tell; all of
// them are where the processor trains.
type GPU struct {
	Name               string   `json:"name,omitempty" olap:"5" doc:"model of the device; NULL where the processor trains"`
	UtilizationPercent *int64   `json:"utilization_percent,omitempty" olap:"5" doc:"share of the last moment in which a kernel ran"`
	MemoryUsedBytes    *int64   `json:"memory_used_bytes,omitempty" olap:"5" doc:"of the device, by all processes"`
	TemperatureCelsius *int64   `json:"temperature_celsius,omitempty" olap:"5" doc:"of the chip"`
	PowerWatts         *float64 `json:"power_watts,omitempty" olap:"5" doc:"drawn at the end of the round"`
	ClockMHz           *int64   `json:"clock_mhz,omitempty" olap:"5" doc:"of the multiprocessors"`
	EnergyJoules       *float64 `json:"energy_joules,omitempty" olap:"5" doc:"taken by the device during the round, whoever used it"`
}
