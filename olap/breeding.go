package olap

import (
	"fmt"
	"math"
	"time"

	"doin.network/node/internal/canon"
)

// maxGenerationBytes bounds, about, what the trials of one generation take in the spool: those behind it are not recorded.
const maxGenerationBytes = 4 << 20

// Bred is what a search was told between two records, for Tracker.Generation.
type Bred struct {
	// Record counts the search's records over all its lives, from 1: a record that comes again after a kill is the same row.
	Record int64
	// Number is the search's number of the generation.
	Number int64
	// Population is how many individuals there are, Scores the finite ones of their scores in the direction of rows, and
	// Diversity how different their genomes are; nil where it is not known.
	Population int64
	Scores     []float64
	Diversity  *float64
	Best       *float64 // in the direction of rows
	WallClock  time.Duration
	Busy       *float64
	Immigrants int64
	NoImprove  int64
	Plateau    bool
	// Made counts the trials told, Failed those of them without a score. Trials are those to be recorded, in order of their
	// numbers.
	Made, Failed int64
	Trials       []BredTrial
}

// BredTrial is a trial as its search was told it.
type BredTrial struct {
	Number     int64
	Generation int64
	Status     string
	Origin     string
	Operator   string
	Parents    []int64 // numbers of trials
	Island     int64   // which of the searches that share the node's worker, from 0
	Rung       int64
	Seed       uint64
	Seeds      int64
	Score      *float64 // in the direction of rows, as the next two
	Expected   *float64
	ScoreError *float64
	Metrics    *canon.Object
	Parameters *canon.Object
	Seconds    float64 // 0: not known
	Device     string
	Digest     string
	Curve      []Point
}

// TrialID returns the id of a trial of an experiment. Ids of one experiment sort by number.
func TrialID(experiment string, number int64) string {
	return fmt.Sprintf("%s-%010d", experiment[:min(len(experiment), 16)], number)
}

// GenerationID returns the id of what an experiment's search told in a record.
func GenerationID(experiment string, record int64) string {
	return fmt.Sprintf("%s-g%010d", experiment[:min(len(experiment), 16)], record)
}

// Generation returns the row of a generation with its trials. It belongs to the round that was recorded last. The errors wrap
// ErrNoExperiment or ErrInvalidRow.
func (t *Tracker) Generation(domain string, b Bred, now time.Time) ([]Row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoExperiment, domain)
	}
	g := &Generation{
		ID: GenerationID(r.exp.ID, b.Record), ExperimentID: r.exp.ID, DomainID: domain, RunID: r.exp.RunID, RoundNumber: r.sum.TotalRounds,
		Number: b.Number, Timestamp: iso(now), Population: b.Population, Best: clone(b.Best), Diversity: clone(b.Diversity),
		Seconds: b.WallClock.Seconds(), Busy: clone(b.Busy), TrialsMade: b.Made, TrialsFailed: b.Failed, Immigrants: b.Immigrants,
		NoImprove: b.NoImprove, Plateau: b.Plateau,
	}
	g.Mean, g.Deviation = moments(b.Scores)
	size := 0
	for i := range b.Trials {
		row := r.trial(&b.Trials[i], t.node.ID, g.Timestamp)
		if size += 640 + len(row.Parameters) + len(row.Metrics) + 80*len(row.Curve); size > maxGenerationBytes {
			break
		}
		g.Trials = append(g.Trials, row)
	}
	g.TrialsRecorded = int64(len(g.Trials))
	rows := []Row{{Generation: g, Experiment: r.experiment()}}
	if err := rows[0].Validate(); err != nil {
		return nil, err
	}
	return rows, nil
}

// trial makes the row of a trial.
func (r *run) trial(b *BredTrial, island, at string) Trial {
	seed := b.Seed
	if b.Island > 0 {
		island = fmt.Sprintf("%s#%d", island, b.Island)
	}
	row := Trial{
		ID: TrialID(r.exp.ID, b.Number), ExperimentID: r.exp.ID, DomainID: r.exp.DomainID, RunID: r.exp.RunID, Number: b.Number,
		Generation: b.Generation, Timestamp: at, Status: b.Status, Origin: b.Origin, Operator: b.Operator, Island: island, Rung: b.Rung,
		Seed: &seed, Seeds: max(b.Seeds, 1), Score: finitePart(b.Score), Expected: finitePart(b.Expected), ScoreError: finitePart(b.ScoreError),
		Device: b.Device, Digest: b.Digest, Curve: b.Curve,
	}
	if len(b.Parents) > 0 {
		ids := make([]any, len(b.Parents))
		for i, n := range b.Parents {
			ids[i] = TrialID(r.exp.ID, n)
		}
		row.Parents = DefaultJSON(ids)
	}
	if b.Parameters != nil {
		row.Parameters = DefaultJSON(b.Parameters)
	}
	if b.Metrics.Len() > 0 {
		row.Metrics = CanonicalJSON(b.Metrics)
		row.Validation, row.Test = metric(b.Metrics, "val_mae", "error"), metric(b.Metrics, "test_mae", "test_error")
	}
	if b.Seconds > 0 {
		row.Seconds = Float(b.Seconds)
	}
	return row
}

// metric returns the first of the metrics of these names that is a finite number.
func metric(metrics *canon.Object, names ...string) *float64 {
	for _, name := range names {
		if v, ok := metrics.Get(name); ok {
			if x := detailFloat(v); x != nil {
				return x
			}
		}
	}
	return nil
}

// finitePart is x, or nil for what is no number.
func finitePart(x *float64) *float64 {
	if x == nil || !isFinite(x) {
		return nil
	}
	return clone(x)
}

// moments returns mean and standard deviation; nil of nothing.
func moments(x []float64) (mean, deviation *float64) {
	if len(x) == 0 {
		return nil, nil
	}
	m, sum := 0.0, 0.0
	for i, v := range x {
		d := v - m
		m += d / float64(i+1)
		sum += d * (v - m)
	}
	return finitePart(&m), finitePart(Float(math.Sqrt(sum / float64(len(x)))))
}

// Migrant is a champion of another node that came to a search, for Tracker.Migration.
type Migrant struct {
	From, OptimaeID string
	Parameters      *canon.Object
	Performance     float64 // in the direction of rows
	Accepted        bool
	Reason          string // why not
	Generation      int64
}

// Migration returns the row of a migrant. The errors wrap ErrNoExperiment or ErrInvalidRow.
func (t *Tracker) Migration(domain string, m Migrant, now time.Time) ([]Row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoExperiment, domain)
	}
	row := Row{Migration: &Migration{
		ID: shortHash("migration", r.exp.ID, m.OptimaeID), ExperimentID: r.exp.ID, DomainID: domain, Timestamp: iso(now),
		From: m.From, To: t.node.ID, OptimaeID: m.OptimaeID, Parameters: DefaultJSON(m.Parameters), Performance: finitePart(&m.Performance),
		Accepted: m.Accepted, Reason: m.Reason, RoundNumber: r.sum.TotalRounds, Generation: m.Generation,
	}, Experiment: r.experiment()}
	if err := row.Validate(); err != nil {
		return nil, err
	}
	return []Row{row}, nil
}

// RunSetup is what a node's configuration says of a run.
type RunSetup struct {
	Name, Note string
	Tags       []string
	Seed       *int64
	// Configuration is the node's, without keys and passwords.
	Configuration *canon.Object
}

// Begin makes the run that experiments started from here on belong to, and returns the rows of it and of the node.
func (t *Tracker) Begin(s RunSetup, now time.Time) []Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	hash := ConfigHash(s.Configuration)
	tags := make([]any, len(s.Tags))
	for i, tag := range s.Tags {
		tags[i] = tag
	}
	t.run = &Run{
		ID: shortHash("run", t.node.ID, t.node.NetworkID, s.Name, hash), NodeID: t.node.ID, NetworkID: t.node.NetworkID, Name: s.Name,
		Tags: DefaultJSON(tags), Note: s.Note, Version: t.node.Version, Seed: clone(s.Seed), ConfigHash: hash, StartedAt: iso(now),
		Configuration: CanonicalJSON(s.Configuration),
	}
	run := *t.run
	return []Row{{Run: &run}, {Node: &NodeInfo{ID: t.node.ID, Hostname: t.node.Hostname, Version: t.node.Version, NetworkID: t.node.NetworkID,
		Own: true, FirstSeen: iso(now)}}}
}

// Device returns the row of a device of this node, one of a kind and name, with so many places for trainings.
func (t *Tracker) Device(kind, name string, places, memoryBytes int64, now time.Time) Row {
	d := &Device{ID: shortHash("device", t.node.ID, kind, name), NodeID: t.node.ID, Kind: kind, Name: name, Places: places, FirstSeen: iso(now)}
	if memoryBytes > 0 {
		d.MemoryBytes = &memoryBytes
	}
	return Row{Device: d}
}
