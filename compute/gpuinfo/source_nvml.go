//go:build gpu && cgo && linux && !cpu

package gpuinfo

import (
	"fmt"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// Built reports whether this build contains NVML.
const Built = true

// library is what nvmlSource needs of go-nvml; its mock has it, too.
type library interface {
	Init() nvml.Return
	Shutdown() nvml.Return
	SystemGetDriverVersion() (string, nvml.Return)
	DeviceGetCount() (int, nvml.Return)
	DeviceGetHandleByIndex(int) (nvml.Device, nvml.Return)
	DeviceGetHandleByPciBusId(string) (nvml.Device, nvml.Return)
}

// nvmlSource calls only functions that every NVML since 2018 has: go-nvml binds them when they are called first, and a
// missing one would end the process.
type nvmlSource struct {
	lib     library
	version string // of the driver
	told    bool   // version is known
}

func openSource() (source, error) { return newSource(nvml.New()) }

func newSource(lib library) (source, error) {
	if r := lib.Init(); r != nvml.SUCCESS {
		return nil, fmt.Errorf("%w: nvmlInit: %w", ErrNoNVML, failure(r))
	}
	s := &nvmlSource{lib: lib}
	version, r := lib.SystemGetDriverVersion()
	s.version, s.told = version, r == nvml.SUCCESS
	return s, nil
}

// failure is r as an error of this package where it has one.
func failure(r nvml.Return) error {
	switch r {
	case nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED:
		return fmt.Errorf("%w: %w", ErrLost, r)
	case nvml.ERROR_LIB_RM_VERSION_MISMATCH:
		return fmt.Errorf("%w: %w", ErrMismatch, r)
	case nvml.ERROR_NOT_FOUND, nvml.ERROR_INVALID_ARGUMENT, nvml.ERROR_GPU_NOT_FOUND:
		return fmt.Errorf("%w: %w", ErrNotFound, r)
	case nvml.ERROR_LIBRARY_NOT_FOUND:
		return fmt.Errorf("libnvidia-ml.so.1 is not installed: %w", r)
	case nvml.ERROR_DRIVER_NOT_LOADED:
		return fmt.Errorf("the NVIDIA kernel driver is not loaded: %w", r)
	}
	return r
}

// fatal says that no call on the device can succeed after r.
func fatal(r nvml.Return) bool {
	switch r {
	case nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED, nvml.ERROR_LIB_RM_VERSION_MISMATCH, nvml.ERROR_UNINITIALIZED,
		nvml.ERROR_DRIVER_NOT_LOADED:
		return true
	}
	return false
}

func (s *nvmlSource) count() (int, error) {
	n, r := s.lib.DeviceGetCount()
	if r != nvml.SUCCESS {
		return 0, fmt.Errorf("nvmlDeviceGetCount: %w", failure(r))
	}
	return n, nil
}

func (s *nvmlSource) index(pciBusID string) (int, error) {
	d, r := s.lib.DeviceGetHandleByPciBusId(pciBusID)
	if r != nvml.SUCCESS {
		return 0, fmt.Errorf("nvmlDeviceGetHandleByPciBusId: %w", failure(r))
	}
	index, r := d.GetIndex()
	if r != nvml.SUCCESS {
		return 0, fmt.Errorf("nvmlDeviceGetIndex: %w", failure(r))
	}
	return index, nil
}

func (s *nvmlSource) close() error {
	if r := s.lib.Shutdown(); r != nvml.SUCCESS {
		return fmt.Errorf("nvmlShutdown: %w", failure(r))
	}
	return nil
}

func (s *nvmlSource) read(index int) (Info, error) {
	d, r := s.lib.DeviceGetHandleByIndex(index)
	if r != nvml.SUCCESS {
		return Info{}, fmt.Errorf("nvmlDeviceGetHandleByIndex: %w", failure(r))
	}
	f := filler{info: Info{Index: index}}
	if s.told {
		f.info.DriverVersion, f.info.Known = s.version, Driver
	}
	f.identity(d)
	f.state(d)
	f.health(d)
	if f.err != nil {
		return Info{}, f.err
	}
	return f.info, nil
}

// filler puts readings into info until one fails for good.
type filler struct {
	info Info
	err  error
}

// told notes a call's result, and reports whether it brought the fields. A call that failed for another reason than that
// the device is gone leaves them unknown: not supported, not permitted, not ready.
func (f *filler) told(call string, r nvml.Return, fields Field) bool {
	if fatal(r) && f.err == nil {
		f.err = fmt.Errorf("%s: %w", call, failure(r))
	}
	if r != nvml.SUCCESS || f.err != nil {
		return false
	}
	f.info.Known |= fields
	return true
}

func (f *filler) identity(d nvml.Device) {
	if v, r := d.GetUUID(); f.told("nvmlDeviceGetUUID", r, UUID) {
		f.info.UUID = v
	}
	if v, r := d.GetName(); f.told("nvmlDeviceGetName", r, Name) {
		f.info.Name = v
	}
	if v, r := d.GetPciInfo(); f.told("nvmlDeviceGetPciInfo", r, PCIBusID) {
		id, _, _ := strings.Cut(string(v.BusId[:]), "\x00")
		f.info.PCIBusID = id
	}
}

func (f *filler) state(d nvml.Device) {
	if v, r := d.GetMemoryInfo(); f.told("nvmlDeviceGetMemoryInfo", r, Memory) {
		f.info.MemoryTotalBytes, f.info.MemoryUsedBytes = v.Total, v.Used
	}
	if v, r := d.GetUtilizationRates(); f.told("nvmlDeviceGetUtilizationRates", r, Utilization) {
		f.info.UtilizationPercent, f.info.MemoryUtilizationPercent = int(v.Gpu), int(v.Memory)
	}
	if v, r := d.GetTemperature(nvml.TEMPERATURE_GPU); f.told("nvmlDeviceGetTemperature", r, Temperature) {
		f.info.TemperatureCelsius = int(v)
	}
	if v, r := d.GetPowerUsage(); f.told("nvmlDeviceGetPowerUsage", r, Power) {
		f.info.PowerWatts = float64(v) / 1000
	}
	if v, r := d.GetEnforcedPowerLimit(); f.told("nvmlDeviceGetEnforcedPowerLimit", r, PowerLimit) {
		f.info.PowerLimitWatts = float64(v) / 1000
	}
	if v, r := d.GetClockInfo(nvml.CLOCK_SM); f.told("nvmlDeviceGetClockInfo", r, SMClock) {
		f.info.SMClockMHz = int(v)
	}
	if v, r := d.GetClockInfo(nvml.CLOCK_MEM); f.told("nvmlDeviceGetClockInfo", r, MemoryClock) {
		f.info.MemoryClockMHz = int(v)
	}
	if v, r := d.GetTotalEnergyConsumption(); f.told("nvmlDeviceGetTotalEnergyConsumption", r, Energy) {
		f.info.EnergyJoules = float64(v) / 1000
	}
}

func (f *filler) health(d nvml.Device) {
	corrected, r := d.GetTotalEccErrors(nvml.MEMORY_ERROR_TYPE_CORRECTED, nvml.VOLATILE_ECC)
	if f.told("nvmlDeviceGetTotalEccErrors", r, 0) {
		if v, r := d.GetTotalEccErrors(nvml.MEMORY_ERROR_TYPE_UNCORRECTED, nvml.VOLATILE_ECC); f.told("nvmlDeviceGetTotalEccErrors", r, ECC) {
			f.info.ECCCorrected, f.info.ECCUncorrected = corrected, v
		}
	}
	if v, r := d.GetCurrentClocksThrottleReasons(); f.told("nvmlDeviceGetCurrentClocksThrottleReasons", r, Throttle) {
		f.info.Throttle = Reasons(v)
	}
}
