package gpuinfo

import "doin.network/node/internal/canon"

// Field is a set of fields of Info.
type Field uint32

// The fields that a card may not tell.
const (
	UUID Field = 1 << iota
	Name
	PCIBusID
	Memory // total and used
	Utilization
	Temperature
	Power
	PowerLimit
	SMClock
	MemoryClock
	Energy
	ECC // both counts
	Throttle
	Driver
)

// Info is one reading of one device. A field that is not in Known is its zero value.
type Info struct {
	Known Field
	// Index is NVML's number of the device, which goes by PCI bus id; CUDA's may be another.
	Index int
	// UUID is "GPU-" and the identifier, the same after a reboot.
	UUID     string
	Name     string
	PCIBusID string // "00000000:01:00.0": domain, bus, device and function in hexadecimal
	// MemoryUsedBytes includes what the driver keeps for itself.
	MemoryTotalBytes, MemoryUsedBytes uint64
	// UtilizationPercent is the share of time in the last moment, a sixth of a second to a second, in which a kernel ran,
	// however small; MemoryUtilizationPercent that in which device memory was read or written. 0 to 100.
	UtilizationPercent, MemoryUtilizationPercent int
	TemperatureCelsius                           int // of the chip
	PowerWatts, PowerLimitWatts                  float64
	SMClockMHz, MemoryClockMHz                   int     // at this moment
	EnergyJoules                                 float64 // since the driver was loaded
	// ECCCorrected and ECCUncorrected count errors of memory since the driver was loaded.
	ECCCorrected, ECCUncorrected uint64
	Throttle                     Reasons
	DriverVersion                string // "535.104.05"
}

// Has reports whether the card told all of the fields.
func (i *Info) Has(f Field) bool { return i.Known&f == f }

// Reasons is why clocks are lower than they could be, a set: nvmlClocksThrottleReasons.
type Reasons uint64

// The reasons, with NVML's bits.
const (
	ReasonIdle Reasons = 1 << iota
	ReasonClockSetting
	ReasonPowerCap
	ReasonHardwareSlowdown
	ReasonSyncBoost
	ReasonThermal
	ReasonHardwareThermal
	ReasonPowerBrake
	ReasonDisplayClock
)

// reasonNames are by bit.
var reasonNames = [...]string{"idle", "clock_setting", "power_cap", "hardware_slowdown", "sync_boost", "thermal", "hardware_thermal",
	"power_brake", "display_clock"}

// Names are the reasons' names, by bit: "power_cap". Bits without a name are left out. It is never nil.
func (r Reasons) Names() []string {
	names := []string{}
	for i, name := range reasonNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Object is the reading for telemetry: the fields in snake_case, in the order of Info, always all of them; null is what
// the card does not tell. "throttle" is the list of the reasons' names.
func (i *Info) Object() *canon.Object {
	o := canon.NewObject("index", i.Index)
	set := func(f Field, key string, v any) {
		if !i.Has(f) {
			v = nil
		}
		o.Set(key, v)
	}
	set(UUID, "uuid", i.UUID)
	set(Name, "name", i.Name)
	set(PCIBusID, "pci_bus_id", i.PCIBusID)
	set(Memory, "memory_total_bytes", i.MemoryTotalBytes)
	set(Memory, "memory_used_bytes", i.MemoryUsedBytes)
	set(Utilization, "utilization_percent", i.UtilizationPercent)
	set(Utilization, "memory_utilization_percent", i.MemoryUtilizationPercent)
	set(Temperature, "temperature_celsius", i.TemperatureCelsius)
	set(Power, "power_watts", i.PowerWatts)
	set(PowerLimit, "power_limit_watts", i.PowerLimitWatts)
	set(SMClock, "sm_clock_mhz", i.SMClockMHz)
	set(MemoryClock, "memory_clock_mhz", i.MemoryClockMHz)
	set(Energy, "energy_joules", i.EnergyJoules)
	set(ECC, "ecc_corrected", i.ECCCorrected)
	set(ECC, "ecc_uncorrected", i.ECCUncorrected)
	set(Throttle, "throttle", i.Throttle.Names())
	set(Driver, "driver_version", i.DriverVersion)
	return o
}
