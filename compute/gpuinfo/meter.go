package gpuinfo

import "time"

// Meter adds up the energy of one device over its readings. The zero value is ready. It is not safe for concurrent use.
//
// Between two readings that both have Energy it is the difference: exact in the long run, while the card brings its counter
// up to date every tenth of a second or so, and so worth little over less than a second. If the counter is missing, or
// has fallen because the driver was loaded anew, and both have Power, it is the mean power times the time: trapezoids.
type Meter struct {
	readings int
	at       time.Duration
	last     Info
	joules   float64
	counted  int // intervals measured by the counter
	sampled  int // by the power
}

// Add takes a reading made at a time since any fixed moment. Readings come in the order of time.
func (m *Meter) Add(at time.Duration, i *Info) {
	if m.readings > 0 {
		m.interval(at-m.at, i)
	}
	m.readings++
	m.at, m.last = at, *i
}

func (m *Meter) interval(dt time.Duration, i *Info) {
	both := m.last.Known & i.Known
	switch {
	case both&Energy != 0 && i.EnergyJoules >= m.last.EnergyJoules:
		m.joules += i.EnergyJoules - m.last.EnergyJoules
		m.counted++
	case both&Power != 0 && dt >= 0:
		m.joules += (m.last.PowerWatts + i.PowerWatts) / 2 * dt.Seconds()
		m.sampled++
	}
}

// Joules is the energy from the first reading to the last. ok is false if any interval between could not be measured, or
// there is none; the energy is then that of the others.
func (m *Meter) Joules() (joules float64, ok bool) {
	return m.joules, m.readings > 1 && m.counted+m.sampled == m.readings-1
}

// Method says how it was measured: "counter", "power", "counter and power", or "" if nothing was.
func (m *Meter) Method() string {
	switch {
	case m.counted > 0 && m.sampled > 0:
		return "counter and power"
	case m.counted > 0:
		return "counter"
	case m.sampled > 0:
		return "power"
	}
	return ""
}
