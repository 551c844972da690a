package olap

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"doin.network/node/internal/canon"
)

// DoinVersion is the reference's version, written where Node.Version is empty.
const DoinVersion = "0.1.0"

// NewID returns 128 random bits as 32 hexadecimal digits, the form of experiment ids.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Node is what a tracker writes into every experiment about the node it runs in.
type Node struct {
	ID        string // full peer id
	Hostname  string
	Version   string // default DoinVersion
	NetworkID string
}

// Setup describes the experiment of one domain.
type Setup struct {
	DomainID           string
	DomainType         string // optional, for dim_domain
	Description        string // optional, for dim_domain
	OptimizerPlugin    string
	PerformanceMetric  string
	MetricSchema       string        // default the configuration's metric_schema, else what the rounds bring
	LowerIsBetter      bool          // false: a larger performance is better
	OptimizationConfig *canon.Object // nil is {}
	ParamBounds        *canon.Object // nil is {}
	Target             *float64      // nil: the experiment never converges by itself
	Seed               *uint64
	DataHash           string
	// Resume is the progress of this experiment in an earlier process; nil begins a new one.
	Resume *Progress
}

// Observation is one round as its optimizer saw it.
type Observation struct {
	Performance float64       // finite
	Parameters  *canon.Object // of this round's result; nil is {}
	WallClock   time.Duration
	ChainHeight int64
	Peers       int64
	BlockReward float64       // DOIN
	Metrics     *canon.Object // every detail; those of Details get columns of their own

	Evaluations int64
	// Seed is that of the training of Parameters.
	Seed *uint64
	// Digest is that of the confirming run that ended in the round, "" if none did; DigestOf is the recipe it ran. That is
	// seldom Parameters: confirming takes longer than a round.
	Digest       string
	DigestOf     *canon.Object
	VerifiedBest *float64
	// ConfirmedBest is the best that a confirming run of this node gave, nil before there is one.
	ConfirmedBest *float64
	// ChampionVerified is whether a quorum has agreed on the model that answers the domain's inferences; nil: there is none.
	ChampionVerified *bool
	Accepted         int64
	Rejected         int64
	Immigrants       int64
	GPU              GPU
}
