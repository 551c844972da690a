package stack

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/anchor"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/store"
	"doin.network/node/chain/task"
	"doin.network/node/cmd/doin-node/search"
	"doin.network/node/cmd/doin-node/stack/alarm"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/cmd/doin-node/stack/rows"
	"doin.network/node/cmd/doin-node/stack/workers"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/agreement"
	"doin.network/node/net/api"
	"doin.network/node/net/discovery"
	"doin.network/node/net/flood"
)

// Loop is the event loop as the services use it; see package loop.
type Loop interface {
	Join(handle func(context.Context, protocol.Effect), peers func() []string, syncing func() bool)
	Run(ctx context.Context) error
	Post(ev protocol.Event) error
	Deliver(ctx context.Context, ev protocol.Event)
	Call(ctx context.Context, ev protocol.Event) ([]protocol.Effect, error)
	Ask(ctx context.Context, f func(loop.Tasks)) error
}

// Head is what the services want to know of the machine's picture.
type Head struct {
	Height    int64 // the tip's index
	Tip       string
	Finalized int64 // −1 before the first
	// Pending transactions wait for a block. Commits and Quorums are open.
	Pending, Commits, Quorums int
	Tasks                     task.Counts
}

// Profile is what a program makes of a stack: its network, its machine and its rules.
type Profile struct {
	// Network is the id that signatures are bound to and that peers are asked for.
	Network string
	Store   *store.Store
	Loop    Loop
	Head    func() Head
	// MaxPageBytes is the largest answer with blocks that is read, MaxBlockBytes the largest with a single one, 0: as large.
	// StatesKept is how many states below the finalized one stay in the store.
	MaxPageBytes, MaxBlockBytes int
	StatesKept                  int64
	// PageTimeout bounds one request for a page of blocks, 0: as package chainsync does.
	PageTimeout time.Duration
	// Fetches is whether the machine fetches blocks by messages of its own, so that nothing else need.
	Fetches bool
	// Export writes the chain as an archive for who may write the data directory; nil: the chain is none that proves itself.
	Export func(io.Writer) error
	// AnchorInterval is the number of blocks between external anchors, 0: none.
	AnchorInterval int64

	// Decode parses and verifies what a message carries, outside the loop; nil: the machine does.
	Decode func(*chain.Message) (any, error)
	// MaxBytesOf is the largest message of a type, see flood.Config; nil: all may have max_message_bytes.
	MaxBytesOf func(kind string) int
	// Synthetic reports whether trainings of a domain are scored on synthetic data where the machine asks for it; nil: in all.
	Synthetic func(domain string) bool
	// Standings are the peers that the chain knows, for the dashboard; nil: there are none to be shown.
	Standings func() []any
	// Seeds is how many a claim of a domain is trained with; nil: one in all.
	Seeds func(domain string) int
	// Agreement is how far results of a domain may differ between machines; nil: in no bit.
	Agreement func(domain string) agreement.Agreement
	// Unbounded leaves a domain's param_bounds out of what is held against somebody's recipe.
	Unbounded bool
	// SkipBroken has a domain that cannot be computed here reported and left out; false: it ends the node.
	SkipBroken bool
	// Ready is told that a domain is loaded; an error stops the node. nil: nothing.
	Ready func(domain string, info worker.Info) error
	// Known is what the machine knows of a domain, for its search.
	Known func(s *Stack, domain string) search.Known
	// LowerIsBetter is the direction of a domain's rows; nil: higher is better in all.
	LowerIsBetter func(domain string) bool
	// SkipRow tells the acceptances that have no row; nil: there are none.
	SkipRow func(*chain.Block, *chain.Tx) bool

	// Observe is told of every effect as it is carried out, inside the loop, and must not block; nil: nobody is.
	Observe func(protocol.Effect)
	// Adapt changes the settings of the network's parts; nil: they are those of a network where everything is signed.
	Adapt func(*flood.Config, *discovery.Config, *api.Config)
	// Parts returns what the API shows of the machine: Node, Tasks and Inference.
	Parts func(*Stack) api.Parts
}

// Stack is a node without its machine. Create it with New, run it once with Run.
type Stack struct {
	*Base
	*Records
	Workers *workers.Workers

	profile  Profile
	anchors  *anchor.FileLog
	net      network
	metrics  *metrics
	asked    *inferences
	earnings *earnings
	searches *searches
	teacher  teacher
	twinAt   atomic.Int64 // when another machine with our key was told of last, in ns
	alarms   *alarm.Board
	watch    *watch
	jobs     sync.WaitGroup // evaluations and forecasts under way

	anchorsDue chan protocol.AnchorDue
	stored     *rows.BranchPoint // blocks whose rows are still to be written
}

// New opens the rest of a node and joins it to the profile's loop. On an error everything opened is closed again, the base
// and the store too.
func New(ctx context.Context, b *Base, p Profile) (_ *Stack, err error) {
	s := &Stack{Base: b, profile: p, anchorsDue: make(chan protocol.AnchorDue, 64), stored: rows.NewBranchPoint(),
		asked: newInferences(), earnings: newEarnings(), searches: newSearches(), alarms: alarm.New(b.Log.With("component", "watch"), b.Now)}
	s.watch = newWatch(s)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.anchors, err = b.openAnchors(p.Network); err != nil {
		return nil, err
	}
	if s.Records, err = b.openRecords(ctx, p.Network); err != nil {
		return nil, err
	}
	if s.Workers, err = workers.Find(ctx, b.Config, b.Log); err != nil {
		return nil, err
	}
	if err := s.openNetwork(); err != nil {
		return nil, err
	}
	p.Loop.Join(s.handle, s.peerIDs, s.net.syncer.Active)
	return s, nil
}

// Close closes a stack that was never run.
func (s *Stack) Close() { s.close() }

// close releases what was opened, in the opposite order.
func (s *Stack) close() {
	s.net.close()
	s.net.dash.close()
	s.Base.Close()
	report := func(what string, err error) {
		if err != nil {
			s.Log.Error("not closed cleanly", "part", what, "err", err)
		}
	}
	if s.Records != nil {
		report("records", s.Recorder.Close())
	}
	if s.anchors != nil {
		report("anchors", s.anchors.Close())
	}
	report("store", s.profile.Store.Close())
}

// Head returns the machine's head.
func (s *Stack) Head() Head { return s.profile.Head() }

// Loop returns the event loop.
func (s *Stack) Loop() Loop { return s.profile.Loop }

// chainRows is the writer of the chain's rows.
func (s *Stack) chainRows() rows.Writer {
	return rows.Writer{Store: s.profile.Store, Record: s.Recorder.Record, Now: s.Now, Retry: 10 * time.Second,
		Skip: s.profile.SkipRow, Keep: s.profile.StatesKept}
}
