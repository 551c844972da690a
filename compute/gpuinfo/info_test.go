package gpuinfo

import (
	"math"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

func TestObject(t *testing.T) {
	i := Info{
		Known: Name | Memory | Utilization | Temperature | Power | Energy | Throttle | Driver,
		Index: 1, Name: "Card", MemoryTotalBytes: 100, MemoryUsedBytes: 7, UtilizationPercent: 99, MemoryUtilizationPercent: 5,
		TemperatureCelsius: 61, PowerWatts: 123.5, EnergyJoules: 1000, Throttle: ReasonPowerCap | ReasonThermal | 1<<40,
		DriverVersion: "535.104.05",
	}
	want := `{"index": 1, "uuid": null, "name": "Card", "pci_bus_id": null, "memory_total_bytes": 100, "memory_used_bytes": 7, ` +
		`"utilization_percent": 99, "memory_utilization_percent": 5, "temperature_celsius": 61, "power_watts": 123.5, ` +
		`"power_limit_watts": null, "sm_clock_mhz": null, "memory_clock_mhz": null, "energy_joules": 1000.0, ` +
		`"ecc_corrected": null, "ecc_uncorrected": null, "throttle": ["power_cap", "thermal"], "driver_version": "535.104.05"}`
	if got := string(canon.Default(i.Object())); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	i = Info{Known: Throttle}
	if v, _ := i.Object().Get("throttle"); !canon.Equal(v, []any{}) {
		t.Errorf("throttle without reasons = %v, want an empty list", v)
	}
}

func TestReasons(t *testing.T) {
	for i, name := range reasonNames {
		if got := Reasons(1 << i).Names(); len(got) != 1 || got[0] != name {
			t.Errorf("bit %d = %v, want %s", i, got, name)
		}
	}
	if ReasonDisplayClock != 256 || len(reasonNames) != 9 {
		t.Errorf("last reason = %d of %d, want 256 of 9", ReasonDisplayClock, len(reasonNames))
	}
}

func energy(joules float64) *Info { return &Info{Known: Energy, EnergyJoules: joules} }

func power(watts float64) *Info { return &Info{Known: Power, PowerWatts: watts} }

func TestMeter(t *testing.T) {
	both := func(joules, watts float64) *Info {
		return &Info{Known: Energy | Power, EnergyJoules: joules, PowerWatts: watts}
	}
	f := func(joules float64, ok bool, method string, readings ...*Info) {
		t.Helper()
		var m Meter
		for s, i := range readings {
			m.Add(time.Hour+time.Duration(s)*2*time.Second, i)
		}
		got, gotOK := m.Joules()
		if math.Abs(got-joules) > 1e-9 || gotOK != ok || m.Method() != method {
			t.Errorf("%d readings = %v J, %v, %q, want %v, %v, %q", len(readings), got, gotOK, m.Method(), joules, ok, method)
		}
	}
	f(0, false, "")
	f(0, false, "", energy(5))
	f(0, true, "counter", energy(5), energy(5))
	f(20, true, "counter", energy(5), energy(10), energy(25))
	f(20, true, "counter", both(5, 900), both(25, 900)) // the counter comes first
	f(600, true, "power", power(100), power(200), power(100))
	f(310, true, "counter and power", both(5, 100), both(15, 100), power(200))  // the card stops telling
	f(210, true, "counter and power", both(50, 100), both(3, 100), both(13, 0)) // the driver was loaded anew
	f(10, false, "counter", energy(5), energy(15), energy(2))
	f(0, false, "", &Info{}, &Info{})
	f(300, false, "power", power(100), power(200), &Info{})

	var m Meter
	m.Add(time.Second, power(100))
	m.Add(0, power(100))
	if j, ok := m.Joules(); j != 0 || ok {
		t.Errorf("time that runs back = %v J, %v, want none", j, ok)
	}
}
