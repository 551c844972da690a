package stack

import (
	"context"
	"encoding/hex"
	"sync"
	"time"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/lessons"
	"doin.network/node/ga/prior"
)

// meta is the strategy that knows what other searches have taught.
const meta = "meta"

// learning is how long a node learns before a search at most, priorBlocks how many blocks are read at once.
const (
	learning    = 5 * time.Minute
	priorBlocks = 256
	// offlineTasks is from how many tasks on a prior can be of use: below that nobody trains one.
	offlineTasks = 8
)

// teacher holds what the node has learned, once for all its searches.
type teacher struct {
	mu   sync.Mutex
	done bool
	file *prior.File // nil: nothing
}

// taught returns what other searches teach one of a plugin, empty where that is nothing. The first search has it learned.
func (s *Stack) taught(ctx context.Context, plugin string) []byte {
	t := &s.teacher
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.done {
		file, err := s.learn(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			s.Log.Warn("searches begin without what others have taught", "err", err)
		}
		t.file, t.done = file, true
	}
	if t.file == nil {
		return nil
	}
	only, ok := t.file.Only(plugin)
	if !ok {
		s.Log.Info("nothing is known from other searches of this kind of domain", "plugin", plugin)
		return nil
	}
	data := only.Encode()
	if len(data) > prior.MaxFamilyBytes {
		s.Log.Warn("what is known from other searches is too large for a worker", "plugin", plugin, "bytes", len(data))
		return nil
	}
	f := &only.Families[0]
	sum := f.Digest()
	s.Log.Info("the search begins with what others have taught", "plugin", plugin, "networks", hex.EncodeToString(sum[:8]),
		"tau", f.Evidence.Tau, "tasks", f.Evidence.Tasks, "trials", f.Evidence.Rows, "on", f.Evidence.On)
	return data
}

// learn reads the prior that is configured, or makes one of the node's trials and its chain; nil where they are too few.
func (s *Stack) learn(ctx context.Context) (*prior.File, error) {
	switch s.Config.Prior {
	case config.PriorNone:
		return nil, nil
	case config.PriorAuto:
	default:
		return lessons.Read(s.Config.PriorPath())
	}
	ctx, cancel := context.WithTimeout(ctx, learning)
	defer cancel()
	of := map[string]string{}
	for _, d := range s.Config.Domains {
		of[d.ID] = d.Plugin()
	}
	place := lessons.Place{Dir: s.Config.DataDir, Database: s.Config.OLAPPath(), Plugin: func(domain string) string { return of[domain] },
		Blocks: func(from int64) ([]*chain.Block, error) { return s.profile.Store.Blocks(from, from+priorBlocks) }}
	trials, err := place.Gather(ctx)
	if err != nil {
		return nil, err
	}
	most := 0
	for _, n := range lessons.Tasks(trials) {
		most = max(most, n)
	}
	if most < offlineTasks {
		s.Log.Info("other searches are too few to learn from", "tasks", most, "wanted", offlineTasks)
		return nil, nil
	}
	file, err := lessons.Learn(ctx, s.Config.Worker.Path, trials)
	if err != nil {
		return nil, err
	}
	if _, err := lessons.Write(s.Config.DataDir, lessons.File, file.Encode()); err != nil {
		s.Log.Warn("what was learned is not kept", "err", err)
	}
	return file, nil
}
