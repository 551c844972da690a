package forecast

import (
	"fmt"
	"math"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
)

// series is a table, split and scaled. It is immutable.
type series struct {
	table *Table
	// values are the table's in units of 10^power, in which the largest magnitude lies in [1, 10), so that nothing depends on
	// the unit of the file.
	values []float64
	power  int
	// test is the row at which the test part begins. starts[i] is the row of the first target of fold i's first validation
	// origin: the fold trains on the rows before it, and its origins end where those of the next begin. The last of starts
	// is no fold's.
	test   int
	starts []int
	// scale, of values, has the mean absolute seasonal difference before the first origin for its unit, the value of row 0 for its
	// offset.
	scale  supervised.Scale
	scaled []float32
	// levels are the values again, of the scaled ones: what the closed forms see.
	levels []float64
	// periods are those of the closed forms, ascending.
	periods  []int
	calendar calendar
	// tracks are the covariates, trackScales their scales.
	tracks      []track
	trackScales []supervised.Scale
}

// newSeries splits and scales a table. Its errors wrap domain.ErrConfig (the split) or supervised.ErrData (the values).
func newSeries(t *Table, c *Config) (*series, error) {
	s := &series{table: t, power: supervised.Exponent(t.values), values: make([]float64, t.Rows())}
	for i, y := range t.values {
		if s.values[i] = s.from(y); t.texts != nil { // all digits of the file count
			s.values[i] = supervised.ShiftText(t.texts[i], -s.power)
		}
	}
	if err := s.season(c); err != nil {
		return nil, err
	}
	s.lookBack(c)
	s.calendar = newCalendar(c.Period, t.axis.phase(c.Period))
	if err := s.fit(c.Period); err != nil {
		return nil, err
	}
	if err := s.newTracks(c.Period); err != nil {
		return nil, err
	}
	s.scaled = make([]float32, t.Rows())
	for i, y := range s.values {
		v, ok := s.scale.To(y)
		if !ok {
			return nil, fmt.Errorf("%w: %s: value %v is too far from the training rows", supervised.ErrData, t.Time(i), t.values[i])
		}
		s.scaled[i] = v
	}
	s.levels = s.unscaled(s.scaled)
	return s, nil
}

// from turns a number in the unit of the file into one of values; to is the inverse.
func (s *series) from(y float64) float64 { return supervised.Shift(y, -s.power) }
func (s *series) to(y float64) float64   { return supervised.Shift(y, s.power) }

// season splits the table with the configured period or, where there is none, finds the periods of what precedes the test
// part, unless they are configured, and sets the configuration's: the smallest that the training part has room for, or 1.
func (s *series) season(c *Config) error {
	s.periods = c.Periods
	if c.Period > 0 {
		if c.Periods == nil && c.Period > 1 {
			s.periods = []int{c.Period}
		}
		return s.split(c)
	}
	c.Period = 1
	if err := s.split(c); err != nil {
		return err
	}
	if c.Periods == nil {
		s.periods = s.table.axis.found(s.values[:s.test])
	}
	for _, p := range s.periods {
		if p > MaxPeriod {
			break
		}
		c.Period = p
		if s.split(c) == nil {
			return nil
		}
	}
	c.Period = 1
	return s.split(c)
}

// seasonalWindow is how many differences a view with a season sees at least, where the rows have them.
const seasonalWindow = 12

// lookBack moves the first origin to where views with a season see enough, if the split allows it.
func (s *series) lookBack(c *Config) {
	if c.Period < 2 || c.Horizon > maxSeasonal || !slices.Contains(c.Space[geneDifference].Choices, Seasonal) {
		return
	}
	v := view{season: c.Period}
	c.past = v.back(c.Horizon-1) + min(seasonalWindow, int(c.Space[geneWindow].High))
	if s.split(c) != nil {
		c.past = 0
		_ = s.split(c) // as it was
	}
}

// folds is the number of folds.
func (s *series) folds() int { return len(s.starts) - 1 }

// ends returns the row before which a fold's training rows lie; those of fold folds() are all before the test part.
func (s *series) ends(fold int) int {
	if fold == s.folds() {
		return s.test
	}
	return s.starts[fold]
}

// The number of folds where the configuration says nothing: a short series is validated at more origins, because they cost
// little and are few.
const (
	shortRows  = 400 // below that
	shortFolds = 3
	longFolds  = 2
)

// split finds the folds and the test part, and checks that each is long enough. Without a start of the validation, each fold
// has the configured fraction of the rows, but no more than its share of supervised.MaxCases, and by itself there are no more folds
// than leave a third of the rows, and what training needs, to the first.
func (s *series) split(c *Config) error {
	n, folds := s.table.Rows(), c.Folds
	if folds == 0 {
		if folds = longFolds; n < shortRows {
			folds = shortFolds
		}
	}
	// Training must hold the first origin that every model can be measured at, its targets, and two whole periods of
	// differences for the bootstrap.
	need := max(c.firstOrigin()+1+c.Horizon, 2*c.Period+1)
	var first int
	if c.ValidationStart != "" {
		var err error
		if first, err = s.start("validation_start", c.ValidationStart); err != nil {
			return err
		}
		if s.test, err = s.start("test_start", c.TestStart); err != nil {
			return err
		}
	} else {
		s.test = n - int(float64(float64(n)*c.TestFraction))
		block := min(int(float64(float64(n)*c.ValidationFraction)), supervised.MaxCases/folds)
		for c.Folds == 0 && folds > 1 && s.test-folds*block < max(need, n/3) {
			folds--
		}
		first = s.test - folds*block
	}
	origins := s.test - first - c.Horizon + 1
	if c.Folds == 0 {
		folds = max(1, min(folds, origins))
	}
	switch {
	case first < need:
		return fmt.Errorf("%w: split: %d training rows: window, horizon and period need %d; smaller ones (param_bounds: window; horizon; period), "+
			"fewer folds or smaller fractions help", domain.ErrConfig, max(first, 0), need)
	case origins < 1:
		return fmt.Errorf("%w: split: %d validation rows: horizon needs %d",
			domain.ErrConfig, s.test-first, c.Horizon)
	case origins < folds:
		return fmt.Errorf("%w: split: %d validation origins for %d folds", domain.ErrConfig, origins, folds)
	case n-s.test < c.Horizon:
		return fmt.Errorf("%w: split: %d test rows: horizon needs %d", domain.ErrConfig, n-s.test, c.Horizon)
	}
	s.starts = nil
	for i := range folds + 1 {
		s.starts = append(s.starts, first+i*origins/folds)
	}
	return s.measured(c)
}

// isMasked reports whether a row of the data was filled in and nothing is measured on it.
func (s *series) isMasked(row int) bool { return s.table.masked != nil && s.table.masked[row] }

// unmasked returns the origins from first on, of count, that are not masked and whose targets are not.
func (s *series) unmasked(first, count, horizon int) []int {
	origins := make([]int, 0, count)
	masked := 0 // rows among those from the origin to the last target
	for row := first; row < first+count+horizon; row++ {
		if s.isMasked(row) {
			masked++
		}
		origin := row - horizon
		if origin < first {
			continue
		}
		if masked == 0 {
			origins = append(origins, origin)
		}
		if s.isMasked(origin) {
			masked--
		}
	}
	return origins
}

// measured checks that masks leave something to every part.
func (s *series) measured(c *Config) error {
	if s.table.masked == nil {
		return nil
	}
	check := func(what string, from, to int) error {
		if len(s.unmasked(from, to-from, c.Horizon)) == 0 {
			return fmt.Errorf("%w: gaps: %q leaves no origin whose targets are known to %s", domain.ErrConfig, Mask, what)
		}
		return nil
	}
	for i := range s.folds() {
		if err := check(fmt.Sprintf("the validation of fold %d", i), s.starts[i]-1, s.starts[i+1]-1); err != nil {
			return err
		}
	}
	if err := check("training", c.firstOrigin(), s.starts[0]-c.Horizon); err != nil {
		return err
	}
	return check("the test part", s.test-1, s.table.Rows()-c.Horizon)
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
	return max(int(c.Space[geneWindow].High), c.Period-1, c.past)
}

// fit computes the scale from the rows before the first origin's validation: its unit is the mean of |yᵢ − yᵢ₋ₘ| over them, the
// sum in order, in binary64, with m the period; with m = 1 where that mean is 0.
func (s *series) fit(period int) error {
	y := s.values[:s.starts[0]]
	for _, lag := range [...]int{period, 1} {
		var sum float64
		n := 0
		for i := lag; i < len(y); i++ {
			if !s.isMasked(i) && !s.isMasked(i-lag) {
				sum += math.Abs(y[i] - y[i-lag])
				n++
			}
		}
		s.scale = supervised.Scale{Offset: y[0], Unit: sum / float64(max(n, 1))}
		if s.scale.Unit > 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: the value does not change over the training rows", supervised.ErrData)
}

// hash returns the data hash, in hex: the SHA-256 of the line "doin/forecast/data/3", the settings below as words, offset and
// unit of the scale, the scaled series, and the calendar columns row by row (see supervised.Hasher). The first origin is among
// the settings: it follows the largest window of the search space and decides which samples there are. Where rows are masked
// or there are covariates, the line is "doin/forecast/data/4", and at the end come the number of masked rows and which they
// are, the number of covariates, and of each whether it is known ahead (1), the number of its values, and these, scaled.
func (s *series) hash(c *Config) string {
	more := s.table.masked != nil || len(s.tracks) > 0
	version := 3
	if more {
		version = 4
	}
	h := supervised.NewHasher(fmt.Sprintf("doin/forecast/data/%d\n", version))
	h.Words(len(s.periods))
	h.Words(s.periods...)
	h.Words(len(s.starts))
	h.Words(s.starts...)
	h.Words(s.table.Rows(), s.test, c.firstOrigin(), c.Horizon, c.Period, s.calendar.phase,
		c.MaxSteps, c.EvalEvery, c.Patience)
	h.Doubles(s.scale.Offset, s.scale.Unit)
	h.Floats(s.scaled)
	for i := range s.scaled {
		h.Floats(s.calendar.of(i))
	}
	if more {
		s.hashMore(h)
	}
	return h.Hex()
}

// hashMore adds masks and covariates.
func (s *series) hashMore(h *supervised.Hasher) {
	var masked []int
	for i := range s.table.Rows() {
		if s.isMasked(i) {
			masked = append(masked, i)
		}
	}
	h.Words(len(masked))
	h.Words(masked...)
	h.Words(len(s.tracks))
	for i := range s.tracks {
		known := 0
		if s.tracks[i].known {
			known = 1
		}
		h.Words(known, len(s.tracks[i].values))
		h.Floats(s.tracks[i].values)
	}
}
