package forecast

// turn is the number of positions for which the table of sines has constants: the least common multiple of 1 … 8, so
// that the positions of the usual periods (4, 7, 12, 24) are exact.
const turn = 840

// MaxPeriod bounds the period, so that its phases stay distinct in the table.
const MaxPeriod = turn

// sine returns sin(2πk/turn) for k in [0, turn).
func sine(k int) float32 {
	switch {
	case k <= turn/4:
		return quarter[k]
	case k <= turn/2:
		return quarter[turn/2-k]
	case k <= 3*turn/4:
		return -quarter[k-turn/2]
	default:
		return -quarter[turn-k]
	}
}

// calendar gives the position of a row in the period as two columns.
type calendar struct {
	period int
	phase  int // of row 0, in [0, period)
	table  []float32
}

// newCalendar returns the calendar of a period ≥ 1; phase is that of row 0.
func newCalendar(period, phase int) calendar {
	c := calendar{period: period, phase: phase}
	if period == 1 {
		return c
	}
	for p := range period {
		// The nearest position of the table, halves rounded up.
		k := (2*p*turn + period) / (2 * period) % turn
		c.table = append(c.table, sine(k), sine((k+turn/4)%turn))
	}
	return c
}

// columns is the number of calendar columns: 2, or 0 for a period of 1.
func (c *calendar) columns() int { return min(len(c.table), 2) }

// of returns the columns (sine, cosine) of row i, which may lie before the data. The caller must not change them.
func (c *calendar) of(i int) []float32 {
	if len(c.table) == 0 {
		return nil
	}
	p := (c.phase + i) % c.period
	if p < 0 {
		p += c.period
	}
	return c.table[2*p : 2*p+2]
}
