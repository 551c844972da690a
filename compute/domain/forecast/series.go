package forecast

import (
	"fmt"
	"math"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
)

// series is a table, split and scaled. It is immutable.
type series struct {
	table *Table
	// validation and test are the rows at which those parts begin; training is [0, validation).
	validation, test int
	// scale has the root mean square of the training differences for its unit, the value of row 0 for its offset.
	scale    supervised.Scale
	scaled   []float32
	calendar calendar
}

// newSeries splits and scales a table. Its errors wrap domain.ErrConfig (the split) or supervised.ErrData (the values).
func newSeries(t *Table, c *Config) (*series, error) {
	s := &series{table: t, calendar: newCalendar(c.Period, t.axis.phase(c.Period))}
	if err := s.split(c); err != nil {
		return nil, err
	}
	if err := s.fit(); err != nil {
		return nil, err
	}
	s.scaled = make([]float32, t.Rows())
	for i, y := range t.values {
		v, ok := s.scale.To(y)
		if !ok {
			return nil, fmt.Errorf("%w: %s: value %v is too far from the training rows", supervised.ErrData, t.Time(i), y)
		}
		s.scaled[i] = v
	}
	return s, nil
}

// split finds the bounds of the three parts and checks that each is long enough.
func (s *series) split(c *Config) error {
	n := s.table.Rows()
	if c.ValidationStart != "" {
		var err error
		if s.validation, err = s.start("validation_start", c.ValidationStart); err != nil {
			return err
		}
		if s.test, err = s.start("test_start", c.TestStart); err != nil {
			return err
		}
	} else {
		s.test = n - int(float64(float64(n)*c.TestFraction))
		s.validation = s.test - int(float64(float64(n)*c.ValidationFraction))
	}
	// Training must hold the first origin that every model can be measured at, its targets, and two whole periods of
	// differences for the bootstrap; the other parts one sample each.
	need := max(c.firstOrigin()+1+c.Horizon, 2*c.Period+1)
	switch {
	case s.validation < need:
		return fmt.Errorf("%w: split: %d training rows: window, horizon and period need %d",
			domain.ErrConfig, s.validation, need)
	case s.test-s.validation < c.Horizon:
		return fmt.Errorf("%w: split: %d validation rows: horizon needs %d",
			domain.ErrConfig, s.test-s.validation, c.Horizon)
	case n-s.test < c.Horizon:
		return fmt.Errorf("%w: split: %d test rows: horizon needs %d", domain.ErrConfig, n-s.test, c.Horizon)
	}
	return nil
}

// start returns the row that a configured time names.
func (s *series) start(key, label string) (int, error) {
	row, err := s.table.axis.index(label)
	if err != nil {
		return 0, fmt.Errorf("%w: %s %.40q: %w", domain.ErrConfig, key, label, err)
	}
	if row < 0 || row >= s.table.Rows() {
		return 0, fmt.Errorf("%w: %s %.40q: outside the data, which go from %q to %q", domain.ErrConfig, key, label,
			s.table.Time(0), s.table.Time(s.table.Rows()-1))
	}
	return row, nil
}

// firstOrigin is the first origin that a model of every window and the seasonal forecast can be measured at.
func (c *Config) firstOrigin() int {
	return max(int(c.Space[geneWindow].High), c.Period-1)
}

// fit computes the scale from the training rows: its unit is √(Σ d²/n) over the differences of neighbours, in
// order, in binary64.
func (s *series) fit() error {
	y := s.table.values[:s.validation]
	var sum float64
	for i := 1; i < len(y); i++ {
		d := y[i] - y[i-1]
		sum += float64(d * d)
	}
	s.scale = supervised.Scale{Offset: y[0], Unit: math.Sqrt(sum / float64(len(y)-1))}
	if !(s.scale.Unit > 0) {
		return fmt.Errorf("%w: the value does not change over the training rows", supervised.ErrData)
	}
	return nil
}

// hash returns the data hash, in hex: the SHA-256 of the line "doin/forecast/data/2", the settings below as words, offset and
// unit of the scale, the scaled series, and the calendar columns row by row (see supervised.Hasher). The first origin is
// among the settings: it follows the largest window of the search space and decides which samples there are.
func (s *series) hash(c *Config) string {
	h := supervised.NewHasher("doin/forecast/data/2\n")
	h.Words(s.table.Rows(), s.validation, s.test, c.firstOrigin(), c.Horizon, c.Period, s.calendar.phase,
		c.MaxSteps, c.EvalEvery, c.Patience)
	h.Doubles(s.scale.Offset, s.scale.Unit)
	h.Floats(s.scaled)
	for i := range s.scaled {
		h.Floats(s.calendar.of(i))
	}
	return h.Hex()
}
