package search

import (
	"context"
	"log/slog"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// Config says what to search and how.
type Config struct {
	// Domain is the domain's id, Peer this node's.
	Domain, Peer string
	// Seed is the node's configured one, nil for a run that need not repeat.
	Seed *int64
	// Settings are the strategy's, as the worker takes them.
	Settings *canon.Object
	// Window is how many trials the strategy may be ahead of its results, 0 for the worker's default.
	Window int
	// Interval is the pause between two generations. Default 0: none.
	Interval time.Duration
	// MaxOpen is how many claims may be open at once. Default and most island.MaxOpen.
	MaxOpen int
	// Cost is how many trials a claim costs; 0 or 1 where it is no average. Baseline is the performance that the first claim has
	// to beat, nil where the domain compares nothing with it.
	Cost     int64
	Baseline *float64
	// Seeds is how many seeds a claim averages, which a champion from elsewhere weighs in a search that races; 0 is 1.
	Seeds int
	// Agreement is how far results may differ between machines; its zero value: in no bit.
	Agreement agreement.Agreement
	// Target is the verified champion's metric that ends the search once it is not above Value; nil for none. A performance that
	// does so is Setup.Target.
	Target *MetricTarget
	// Migration is which champions of others are let in.
	Migration island.Config
	// Setup describes the experiment; its Seed is the search's to fill. Its LowerIsBetter and Target tell the direction of
	// what rows hold: everything else here is higher-is-better.
	Setup olap.Setup
	// TrialsPerSecond is how many trials are recorded on the average; above that the best of a generation and some others are. 0:
	// none.
	TrialsPerSecond int
	// Device names what trains, Places is how many trainings it makes at once, 0 where that is not known.
	Device string
	Places int
	// Dir is where the state is kept, "" for nowhere. It is made if it is missing.
	Dir string
}

// MetricTarget is a goal in the unit of the domain's data: a metric of which less is better.
type MetricTarget struct {
	Metric string
	Value  float64
}

// Worker runs L2 and single trainings of the domain.
type Worker interface {
	// Optimize opens a search.
	Optimize(ctx context.Context, job worker.OptimizeJob) (Run, error)
	// Evaluate trains one recipe.
	Evaluate(ctx context.Context, job worker.Job) (worker.Outcome, error)
}

// Run is an open search of the worker; worker.Search is one.
type Run interface {
	Next(ctx context.Context) (worker.Generation, error)
	Continue(ctx context.Context, immigrants []worker.Immigrant) error
	Close()
}

// Chain is the chain machine, as a search sees it.
type Chain interface {
	// Deliver hands over a Propose or a Restore. It waits for room at most, not for what becomes of it; the error is ctx's.
	Deliver(ctx context.Context, ev protocol.Event) error
	// Known returns what is known of the domain now. It does not block.
	Known(domain string) Known
}

// Known is what the chain knows of a domain.
type Known struct {
	// Best is the verified best, higher is better; nil if there is none. Base is its optimae id.
	Best *float64
	Base string
	// Measured is the best that this node has measured itself, higher is better, where that ends the search at the target; nil:
	// the verified best does.
	Measured *float64
	// Improves reports whether a performance beats another by the domain's minimum increment.
	Improves func(performance, over float64) bool
	// Alone is whether nobody else can verify a claim of this node: then its own confirmed best has to be beaten too.
	Alone bool
	// Members are the ids of the nodes that may migrate, ascending; only topologies other than "full" look at them.
	Members            []string
	Height             int64
	Accepted, Rejected int64 // claims of the domain so far
}

// Host is the node around the search, as rows tell of it.
type Host interface {
	// Peers is the number of connected peers.
	Peers() int64
	// Earned returns what the node was paid since the last call, in DOIN.
	Earned() float64
	// GPU returns what the domain's device told since the last call; the zero value where there is none. It takes a second
	// at most.
	GPU(ctx context.Context, domain string) olap.GPU
	// Record takes rows on their way to the sinks. It does not wait for them.
	Record(rows ...olap.Row)
}

// Parts are what a search works with. Log may be nil.
type Parts struct {
	Worker  Worker
	Chain   Chain
	Host    Host
	Tracker *olap.Tracker
	// Prior returns what other searches have taught, as the worker takes it, when a search begins; nil, or empty bytes: nothing.
	Prior func(ctx context.Context) []byte
	Log   *slog.Logger
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// Status is what a search tells of itself.
type Status struct {
	// Rounds are the records so far, those of earlier lives included; Generation is the number of the last one.
	Rounds, Generation int64
	Evaluations        int64
	// Best is that of the search itself, by its own seeds, in the direction of rows; nil before there is one.
	Best      *float64
	Metrics   *canon.Object // of that best
	Converged bool
	// Open is the number of open claims, confirming runs included.
	Open int
	// Confirmed is the best performance that a confirming run of this node gave, in the direction of rows.
	Confirmed *float64
	// Accepted and Rejected are this node's claims since its start, Superseded those that somebody came before.
	Accepted, Rejected, Superseded int64
	Announce                       Announce
	// Advice is what the last record told of a prior, nil where the strategy knows of none.
	Advice *canon.Object
}
