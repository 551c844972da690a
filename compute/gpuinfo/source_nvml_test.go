//go:build gpu && cgo && linux && !cpu

package gpuinfo

import (
	"errors"
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
)

// card is a device that tells everything; ret is the result of all its calls, rets that of single ones.
type card struct {
	index  int
	energy uint64
	ret    nvml.Return
	rets   map[string]nvml.Return
}

func (c *card) of(call string) nvml.Return {
	if r, ok := c.rets[call]; ok {
		return r
	}
	return c.ret
}

func (c *card) device() nvml.Device {
	var pci nvml.PciInfo
	copy(pci.BusId[:], c.busID())
	return &mock.Device{
		GetIndexFunc:   func() (int, nvml.Return) { return c.index, c.of("index") },
		GetUUIDFunc:    func() (string, nvml.Return) { return "GPU-1", c.of("uuid") },
		GetNameFunc:    func() (string, nvml.Return) { return "NVIDIA Card", c.of("name") },
		GetPciInfoFunc: func() (nvml.PciInfo, nvml.Return) { return pci, c.of("pci") },
		GetMemoryInfoFunc: func() (nvml.Memory, nvml.Return) {
			return nvml.Memory{Total: 24 << 30, Free: 20 << 30, Used: 4 << 30}, c.of("memory")
		},
		GetUtilizationRatesFunc: func() (nvml.Utilization, nvml.Return) {
			return nvml.Utilization{Gpu: 97, Memory: 12}, c.of("utilization")
		},
		GetTemperatureFunc: func(s nvml.TemperatureSensors) (uint32, nvml.Return) {
			if s != nvml.TEMPERATURE_GPU {
				return 0, nvml.ERROR_INVALID_ARGUMENT
			}
			return 66, c.of("temperature")
		},
		GetPowerUsageFunc:         func() (uint32, nvml.Return) { return 315250, c.of("power") },
		GetEnforcedPowerLimitFunc: func() (uint32, nvml.Return) { return 450000, c.of("limit") },
		GetClockInfoFunc: func(k nvml.ClockType) (uint32, nvml.Return) {
			switch k {
			case nvml.CLOCK_SM:
				return 2520, c.of("sm")
			case nvml.CLOCK_MEM:
				return 10501, c.of("mem")
			}
			return 0, nvml.ERROR_INVALID_ARGUMENT
		},
		GetTotalEnergyConsumptionFunc: func() (uint64, nvml.Return) { return c.energy, c.of("energy") },
		GetTotalEccErrorsFunc: func(k nvml.MemoryErrorType, counter nvml.EccCounterType) (uint64, nvml.Return) {
			if counter != nvml.VOLATILE_ECC {
				return 0, nvml.ERROR_INVALID_ARGUMENT
			}
			if k == nvml.MEMORY_ERROR_TYPE_CORRECTED {
				return 3, c.of("corrected")
			}
			return 1, c.of("uncorrected")
		},
		GetCurrentClocksThrottleReasonsFunc: func() (uint64, nvml.Return) {
			return nvml.ClocksThrottleReasonSwPowerCap, c.of("throttle")
		},
	}
}

func (c *card) busID() string { return "00000000:0" + string(rune('1'+c.index)) + ":00.0" }

// host is NVML over cards.
func host(cards ...*card) *mock.Interface {
	return &mock.Interface{
		InitFunc:                   func() nvml.Return { return nvml.SUCCESS },
		ShutdownFunc:               func() nvml.Return { return nvml.SUCCESS },
		SystemGetDriverVersionFunc: func() (string, nvml.Return) { return "535.104.05", nvml.SUCCESS },
		DeviceGetCountFunc:         func() (int, nvml.Return) { return len(cards), nvml.SUCCESS },
		DeviceGetHandleByIndexFunc: func(i int) (nvml.Device, nvml.Return) {
			if i >= len(cards) {
				return nil, nvml.ERROR_INVALID_ARGUMENT
			}
			return cards[i].device(), nvml.SUCCESS
		},
		DeviceGetHandleByPciBusIdFunc: func(id string) (nvml.Device, nvml.Return) {
			for _, c := range cards {
				if c.busID() == id {
					return c.device(), nvml.SUCCESS
				}
			}
			return nil, nvml.ERROR_NOT_FOUND
		},
	}
}

func reader(t *testing.T, lib library) *Reader {
	t.Helper()
	s, err := newSource(lib)
	if err != nil {
		t.Fatal(err)
	}
	r := &Reader{source: s}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func full(c *card) Info {
	return Info{
		Known: UUID | Name | PCIBusID | Memory | Utilization | Temperature | Power | PowerLimit | SMClock | MemoryClock |
			Energy | ECC | Throttle | Driver,
		Index: c.index, UUID: "GPU-1", Name: "NVIDIA Card", PCIBusID: c.busID(), MemoryTotalBytes: 24 << 30, MemoryUsedBytes: 4 << 30,
		UtilizationPercent: 97, MemoryUtilizationPercent: 12, TemperatureCelsius: 66, PowerWatts: 315.25, PowerLimitWatts: 450,
		SMClockMHz: 2520, MemoryClockMHz: 10501, EnergyJoules: float64(c.energy) / 1000, ECCCorrected: 3, ECCUncorrected: 1,
		Throttle: ReasonPowerCap, DriverVersion: "535.104.05",
	}
}

func TestNVMLTellsAll(t *testing.T) {
	a, b := &card{energy: 123456}, &card{index: 1, energy: 1}
	r := reader(t, host(a, b))
	infos, err := r.Read()
	if err != nil || len(infos) != 2 || infos[0] != full(a) || infos[1] != full(b) {
		t.Errorf("Read = %+v, %v", infos, err)
	}
	if i, err := r.ByPCIBusID(b.busID()); i != full(b) || err != nil {
		t.Errorf("ByPCIBusID = %+v, %v, want the second", i, err)
	}
	if _, err := r.ByPCIBusID("00000000:0F:00.0"); !errors.Is(err, ErrNotFound) {
		t.Errorf("ByPCIBusID of none = %v, want ErrNotFound", err)
	}
	if _, err := r.Device(2); !errors.Is(err, ErrNotFound) {
		t.Errorf("Device(2) = %v, want ErrNotFound", err)
	}
}

func TestNVMLLeavesOutWhatACardDoesNotTell(t *testing.T) {
	f := func(r nvml.Return, call string, missing Field) {
		t.Helper()
		c := &card{rets: map[string]nvml.Return{call: r}}
		i, err := reader(t, host(c)).Device(0)
		if want := full(c).Known &^ missing; err != nil || i.Known != want {
			t.Errorf("%s is %v: known %b, %v, want %b", call, r, i.Known, err, want)
		}
		if missing == ECC && i.ECCCorrected != 0 {
			t.Errorf("%s is %v: an unknown field is %d, want 0", call, r, i.ECCCorrected)
		}
	}
	for _, r := range []nvml.Return{nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_NO_PERMISSION, nvml.ERROR_UNKNOWN, nvml.ERROR_NO_DATA, nvml.ERROR_INVALID_ARGUMENT} {
		f(r, "uuid", UUID)
		f(r, "name", Name)
		f(r, "pci", PCIBusID)
		f(r, "memory", Memory)
		f(r, "utilization", Utilization)
		f(r, "temperature", Temperature)
		f(r, "power", Power)
		f(r, "limit", PowerLimit)
		f(r, "sm", SMClock)
		f(r, "mem", MemoryClock)
		f(r, "energy", Energy)
		f(r, "corrected", ECC)
		f(r, "uncorrected", ECC)
		f(r, "throttle", Throttle)
	}
	i, err := reader(t, host(&card{ret: nvml.ERROR_NOT_SUPPORTED})).Device(0)
	if err != nil || i.Known != Driver || i.PowerWatts != 0 {
		t.Errorf("a card that tells nothing = %+v, %v", i, err)
	}
}

func TestNVMLLosesADevice(t *testing.T) {
	for _, ret := range []nvml.Return{nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED} {
		good := &card{index: 1}
		lost := &card{rets: map[string]nvml.Return{"temperature": ret, "power": ret}}
		infos, err := reader(t, host(lost, good)).Read()
		if len(infos) != 1 || infos[0] != full(good) {
			t.Errorf("%v: Read = %+v, want the other device", ret, infos)
		}
		if !errors.Is(err, ErrLost) || !errors.Is(err, ret) || !strings.Contains(err.Error(), "device 0: nvmlDeviceGetTemperature") {
			t.Errorf("%v: error %v, want that device 0 is lost", ret, err)
		}
	}
}

func TestNVMLDoesNotStart(t *testing.T) {
	f := func(r nvml.Return, target error, word string) {
		t.Helper()
		_, err := newSource(&mock.Interface{InitFunc: func() nvml.Return { return r }})
		if !errors.Is(err, ErrNoNVML) || !errors.Is(err, target) || !strings.Contains(err.Error(), word) {
			t.Errorf("%v: %v, want ErrNoNVML with %q", r, err, word)
		}
	}
	f(nvml.ERROR_LIBRARY_NOT_FOUND, ErrNoNVML, "libnvidia-ml.so.1 is not installed")
	f(nvml.ERROR_DRIVER_NOT_LOADED, ErrNoNVML, "kernel driver is not loaded")
	f(nvml.ERROR_LIB_RM_VERSION_MISMATCH, ErrMismatch, "does not fit")
	f(nvml.ERROR_UNKNOWN, nvml.ERROR_UNKNOWN, "nvmlInit")
}

func TestNVMLFailsLater(t *testing.T) {
	lib := host(&card{})
	r := reader(t, lib)
	lib.DeviceGetCountFunc = func() (int, nvml.Return) { return 0, nvml.ERROR_LIB_RM_VERSION_MISMATCH }
	if _, err := r.Read(); !errors.Is(err, ErrMismatch) {
		t.Errorf("Read = %v, want ErrMismatch", err)
	}
	lib.DeviceGetCountFunc = func() (int, nvml.Return) { return 1, nvml.SUCCESS }
	lib.DeviceGetHandleByIndexFunc = func(int) (nvml.Device, nvml.Return) { return nil, nvml.ERROR_GPU_IS_LOST }
	if infos, err := r.Read(); len(infos) != 0 || !errors.Is(err, ErrLost) {
		t.Errorf("Read = %v, %v, want ErrLost", infos, err)
	}

	lib = host(&card{})
	lib.SystemGetDriverVersionFunc = func() (string, nvml.Return) { return "", nvml.ERROR_UNKNOWN }
	if i, err := reader(t, lib).Device(0); i.Has(Driver) || err != nil {
		t.Errorf("driver version that is not told = %q, %v", i.DriverVersion, err)
	}
	lib = host(&card{rets: map[string]nvml.Return{"index": nvml.ERROR_UNKNOWN}})
	if _, err := reader(t, lib).ByPCIBusID((&card{}).busID()); !errors.Is(err, nvml.ERROR_UNKNOWN) {
		t.Errorf("ByPCIBusID = %v, want ERROR_UNKNOWN", err)
	}
}

func TestNVMLCloses(t *testing.T) {
	lib := host()
	lib.ShutdownFunc = func() nvml.Return { return nvml.ERROR_UNKNOWN }
	s, err := newSource(lib)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Reader{source: s}).Close(); !errors.Is(err, nvml.ERROR_UNKNOWN) {
		t.Errorf("Close = %v, want ERROR_UNKNOWN", err)
	}
}

func TestReasonsAreNVMLs(t *testing.T) {
	for r, want := range map[Reasons]uint64{
		ReasonIdle: nvml.ClocksThrottleReasonGpuIdle, ReasonClockSetting: nvml.ClocksThrottleReasonApplicationsClocksSetting,
		ReasonPowerCap: nvml.ClocksThrottleReasonSwPowerCap, ReasonHardwareSlowdown: nvml.ClocksThrottleReasonHwSlowdown,
		ReasonSyncBoost: nvml.ClocksThrottleReasonSyncBoost, ReasonThermal: nvml.ClocksThrottleReasonSwThermalSlowdown,
		ReasonHardwareThermal: nvml.ClocksThrottleReasonHwThermalSlowdown, ReasonPowerBrake: nvml.ClocksThrottleReasonHwPowerBrakeSlowdown,
		ReasonDisplayClock: nvml.ClocksThrottleReasonDisplayClockSetting,
	} {
		if uint64(r) != want {
			t.Errorf("reason %v = %d, want %d", r.Names(), r, want)
		}
	}
}
