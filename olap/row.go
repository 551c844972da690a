package olap

import (
	"encoding/json"
	"errors"
	"fmt"

	"doin.network/node/olap/spool"
)

// ErrInvalidRow is what Row.Validate, Tracker.Record and Recorder.Record return for a row that
// no sink could store.
var ErrInvalidRow = errors.New("olap: invalid row")

// Kind says what a Row holds.
type Kind string

// The kinds of row.
const (
	KindDomain     Kind = "domain"
	KindExperiment Kind = "experiment"
	KindRound      Kind = "round"
	KindSummary    Kind = "summary"
	KindClaim      Kind = "claim"
	KindOptimae    Kind = "chain_optimae"
	KindRollback   Kind = "chain_rollback"
	KindGeneration Kind = "generation"
	KindMigration  Kind = "migration"
	KindRun        Kind = "run"
	KindNode       Kind = "node"
	KindDevice     Kind = "device"
	KindBlock      Kind = "block"
	kindNone       Kind = ""
)

// Rollback undoes chain rows: those of blocks above Height left the chain.
type Rollback struct {
	Height int64 `json:"height"`
}

// Row is one fact on its way to the sinks, with those that belong to it: a generation has its trials, a block its decisions.
// Exactly one member is set, except that what belongs to an experiment carries its Experiment with it, so that a sink needs no
// memory to denormalize.
type Row struct {
	Domain     *Domain       `json:"domain,omitempty"`
	Experiment *Experiment   `json:"experiment,omitempty"`
	Round      *Round        `json:"round,omitempty"`
	Summary    *Summary      `json:"summary,omitempty"`
	Claim      *Claim        `json:"claim,omitempty"`
	Optimae    *ChainOptimae `json:"chain_optimae,omitempty"`
	Rollback   *Rollback     `json:"chain_rollback,omitempty"`
	Generation *Generation   `json:"generation,omitempty"`
	Migration  *Migration    `json:"migration,omitempty"`
	Run        *Run          `json:"run,omitempty"`
	Node       *NodeInfo     `json:"node,omitempty"`
	Device     *Device       `json:"device,omitempty"`
	Block      *Block        `json:"block,omitempty"`

	// Spool and Seq are the row's place in the recorder's spool, set when it is delivered: Seq
	// rises strictly within one Spool. A sink that stores the last pair it has written, in the
	// same step as the rows, writes every row exactly once.
	Spool string `json:"-"`
	Seq   uint64 `json:"-"`
}

// OfExperiment reports whether rows of a kind carry their experiment.
func (k Kind) OfExperiment() bool {
	switch k {
	case KindRound, KindSummary, KindClaim, KindGeneration, KindMigration:
		return true
	}
	return false
}

// Kind returns what r holds, or "" for a row that Validate refuses.
func (r *Row) Kind() Kind {
	kind, n := kindNone, 0
	set := func(has bool, k Kind) {
		if has {
			kind, n = k, n+1
		}
	}
	set(r.Domain != nil, KindDomain)
	set(r.Round != nil, KindRound)
	set(r.Summary != nil, KindSummary)
	set(r.Claim != nil, KindClaim)
	set(r.Optimae != nil, KindOptimae)
	set(r.Rollback != nil, KindRollback)
	set(r.Generation != nil, KindGeneration)
	set(r.Migration != nil, KindMigration)
	set(r.Run != nil, KindRun)
	set(r.Node != nil, KindNode)
	set(r.Device != nil, KindDevice)
	set(r.Block != nil, KindBlock)
	if r.Experiment != nil && !kind.OfExperiment() {
		set(true, KindExperiment)
	}
	if n != 1 {
		return kindNone
	}
	return kind
}

// Content returns the table that r belongs to, and the table's struct; nil for a rollback and a row that Validate refuses.
func (r *Row) Content() (t *Table, row any) {
	switch r.Kind() {
	case KindDomain:
		return DomainTable, r.Domain
	case KindExperiment:
		return ExperimentTable, r.Experiment
	case KindRound:
		return RoundTable, r.Round
	case KindSummary:
		return SummaryTable, r.Summary
	case KindClaim:
		return ClaimTable, r.Claim
	case KindOptimae:
		return ChainOptimaeTable, r.Optimae
	case KindGeneration:
		return GenerationTable, r.Generation
	case KindMigration:
		return MigrationTable, r.Migration
	case KindRun:
		return RunTable, r.Run
	case KindNode:
		return NodeTable, r.Node
	case KindDevice:
		return DeviceTable, r.Device
	case KindBlock:
		return BlockTable, r.Block
	}
	return nil, nil
}

// Parts calls yield with the rows that belong to that of Content, each after those it refers to, until yield returns false.
func (r *Row) Parts(yield func(t *Table, row any) bool) {
	switch r.Kind() {
	case KindGeneration:
		for i := range r.Generation.Trials {
			if !r.Generation.Trials[i].parts(yield) {
				return
			}
		}
	case KindRun:
		if c := r.Run.Configuration; c != "" {
			yield(ConfigurationTable, &Configuration{Hash: r.Run.ConfigHash, Text: c})
		}
	case KindBlock:
		r.Block.parts(yield)
	}
}

func (t *Trial) parts(yield func(t *Table, row any) bool) bool {
	if !yield(TrialTable, t) {
		return false
	}
	params := ParamsOf(t)
	for i := range params {
		if !yield(ParamTable, &params[i]) {
			return false
		}
	}
	for _, p := range t.Curve {
		if !yield(CurveTable, &Curve{TrialID: t.ID, Point: p}) {
			return false
		}
	}
	return true
}

func (b *Block) parts(yield func(t *Table, row any) bool) {
	for i := range b.Decisions {
		if !yield(DecisionTable, &b.Decisions[i]) {
			return
		}
	}
	for i := range b.Votes {
		if !yield(VoteTable, &b.Votes[i]) {
			return
		}
	}
	for i := range b.Money {
		if !yield(MoneyTable, &b.Money[i]) {
			return
		}
	}
	for i := range b.Nodes {
		if !yield(NodeTable, &b.Nodes[i]) {
			return
		}
	}
}

// Validate returns an error wrapping ErrInvalidRow unless every sink can store r: one kind, the
// keys present, the numbers finite.
func (r *Row) Validate() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrInvalidRow, r.Kind(), fmt.Sprintf(format, args...))
	}
	e := r.Experiment
	if e != nil {
		if e.ID == "" || e.DomainID == "" {
			return bad("experiment without id or domain")
		}
		if name := ExperimentTable.notFinite(e); name != "" {
			return bad("%s is not finite", name)
		}
	}
	belongs := func(experiment, domain string) bool { return e != nil && experiment == e.ID && domain == e.DomainID }
	switch r.Kind() {
	case KindDomain:
		if r.Domain.ID == "" {
			return bad("no domain_id")
		}
	case KindExperiment:
	case KindRound:
		o := r.Round
		if !belongs(o.ExperimentID, o.DomainID) {
			return bad("does not belong to its experiment")
		}
		if o.ID == "" || o.Number < 1 {
			return bad("round %q has number %d", o.ID, o.Number)
		}
	case KindSummary:
		if !belongs(r.Summary.ExperimentID, r.Summary.DomainID) {
			return bad("does not belong to its experiment")
		}
	case KindClaim:
		c := r.Claim
		if !belongs(c.ExperimentID, c.DomainID) {
			return bad("does not belong to its experiment")
		}
		if c.ID == "" || c.Stage == "" || c.Proposal < 1 || c.RoundNumber < 0 {
			return bad("proposal %d of round %d has stage %q", c.Proposal, c.RoundNumber, c.Stage)
		}
	case KindOptimae:
		if o := r.Optimae; o.OptimaeID == "" || o.BlockHeight < 0 {
			return bad("optimae %q at height %d", o.OptimaeID, o.BlockHeight)
		}
	case KindGeneration:
		g := r.Generation
		if !belongs(g.ExperimentID, g.DomainID) {
			return bad("does not belong to its experiment")
		}
		if g.ID == "" || g.RoundNumber < 0 || g.TrialsRecorded != int64(len(g.Trials)) {
			return bad("%q of round %d with %d trials has %d", g.ID, g.RoundNumber, g.TrialsRecorded, len(g.Trials))
		}
		for i := range g.Trials {
			if t := &g.Trials[i]; t.ID == "" || t.ExperimentID != g.ExperimentID || len(t.Curve) > MaxCurve {
				return bad("trial %q of experiment %q with %d points", t.ID, t.ExperimentID, len(t.Curve))
			}
		}
	case KindMigration:
		if m := r.Migration; m.ID == "" || !belongs(m.ExperimentID, m.DomainID) {
			return bad("%q does not belong to its experiment", m.ID)
		}
	case KindRun:
		if r.Run.ID == "" || r.Run.Configuration != "" && r.Run.ConfigHash == "" {
			return bad("no run_id, or a configuration without hash")
		}
	case KindNode:
		if r.Node.ID == "" {
			return bad("no node_id")
		}
	case KindDevice:
		if r.Device.ID == "" || r.Device.NodeID == "" {
			return bad("no device_id or node_id")
		}
	case KindBlock:
		if r.Block.Height < 0 || r.Block.Hash == "" {
			return bad("block %q at height %d", r.Block.Hash, r.Block.Height)
		}
	case KindRollback:
		if r.Rollback.Height < -1 {
			return bad("height %d", r.Rollback.Height)
		}
	default:
		return fmt.Errorf("%w: it must hold exactly one thing", ErrInvalidRow)
	}
	if t, row := r.Content(); t != nil {
		if name := t.notFinite(row); name != "" {
			return bad("%s is not finite", name)
		}
	}
	for t, row := range r.Parts {
		if name := t.notFinite(row); name != "" {
			return bad("%s of %s is not finite", name, t.Name)
		}
	}
	return nil
}

// encode returns the spool's form of r: one JSON object. Text that is not valid UTF-8 is made so.
func (r *Row) encode() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidRow, err)
	}
	if len(data) > spool.MaxRecordBytes {
		return nil, fmt.Errorf("%w: %s of %d bytes, at most %d", ErrInvalidRow, r.Kind(), len(data), spool.MaxRecordBytes)
	}
	return data, nil
}

// decodeRow is the inverse of encode.
func decodeRow(data []byte) (Row, error) {
	var r Row
	if err := json.Unmarshal(data, &r); err != nil {
		return Row{}, fmt.Errorf("%w: %w", ErrInvalidRow, err)
	}
	return r, r.Validate()
}
