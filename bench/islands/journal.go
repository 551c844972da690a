package islands

import "doin.network/node/bench/journal"

// entry is a line of the journal; one member is set.
type entry struct {
	Calibration *Calibration `json:"calibration,omitempty"`
	Pair        *Pair        `json:"pair,omitempty"`
}

// journalHeader is what entries can only be compared under.
type journalHeader struct {
	Domain           string   `json:"domain"`
	Path             string   `json:"config"`
	Strategy         string   `json:"strategy"`
	Population       int      `json:"population"`
	Goal             *float64 `json:"goal"`
	CalibrateSeconds float64  `json:"calibrate_seconds"`
	TimeoutSeconds   float64  `json:"timeout_seconds"`
}

// openJournal opens the configuration's journal.
func openJournal(c *ClockConfig) (*journal.Journal[entry], error) {
	return journal.Open[entry](c.Journal, journalHeader{Domain: c.Domain, Path: c.Path, Strategy: c.Strategies[0], Population: c.Population,
		Goal: c.Goal, CalibrateSeconds: c.CalibrateFor.Seconds(), TimeoutSeconds: c.Timeout.Seconds()})
}

// calibrations returns the scores, in the order in which they were found.
func (k *clock) calibrations() (out []Calibration) {
	for _, e := range k.journal.Lines() {
		if e.Calibration != nil {
			out = append(out, *e.Calibration)
		}
	}
	return out
}

func (k *clock) scores() (out []float64) {
	for _, c := range k.calibrations() {
		out = append(out, c.Score)
	}
	return out
}

func (k *clock) calibrated(seed int64) bool {
	return k.journal.Find(func(e *entry) bool { return e.Calibration != nil && e.Calibration.Seed == seed }) != nil
}

// measured returns the pair of a seed, nil if it is not measured yet.
func (k *clock) measured(seed int64) *Pair {
	if e := k.journal.Find(func(e *entry) bool { return e.Pair != nil && e.Pair.Seed == seed }); e != nil {
		return e.Pair
	}
	return nil
}
