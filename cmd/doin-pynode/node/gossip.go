package node

import (
	"slices"
	"sync"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// The reference sorts messages by topics, and remembers own ones for so many heartbeats.
const (
	topicOptimae    = "optimae"
	topicBlocks     = "blocks"
	topicTasks      = "tasks"
	topicDiscovery  = "discovery"
	historyWindows  = 5
	heartbeat       = time.Second
	maxPublications = 4096
)

// topicOf is the topic of a message type.
func topicOf(kind string) string {
	switch kind {
	case chain.MsgOptimaeCommit, chain.MsgOptimaeReveal, chain.MsgOptimaeAnnouncement, chain.MsgChampionRequest, chain.MsgChampionResponse,
		chain.MsgStageComplete, chain.MsgCandidateEvaluation:
		return topicOptimae
	case chain.MsgBlockAnnouncement, chain.MsgChainStatus, chain.MsgBlockRequest, chain.MsgBlockResponse:
		return topicBlocks
	case chain.MsgTaskCreated, chain.MsgTaskClaimed, chain.MsgTaskCompleted:
		return topicTasks
	}
	return topicDiscovery
}

// publications are the own messages of the last heartbeats. Its methods are safe for concurrent use.
type publications struct {
	now func() time.Time

	mu   sync.Mutex
	list []publication // the oldest first
}

type publication struct {
	at    time.Time
	topic string
}

func (p *publications) add(kind string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	if len(p.list) < maxPublications {
		p.list = append(p.list, publication{p.now(), topicOf(kind)})
	}
}

// forget drops what is too old. The caller holds mu.
func (p *publications) forget() {
	oldest := p.now().Add(-historyWindows * heartbeat)
	p.list = slices.DeleteFunc(p.list, func(one publication) bool { return one.at.Before(oldest) })
}

// gossip is the member of GET /status: of each topic the peers that its messages go to, and the own ones of late. They go to all
// connected peers, so there is nobody else that they could be fanned out to.
func (p *publications) gossip(peers int) *canon.Object {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	recent := map[string]int64{}
	for _, one := range p.list {
		recent[one.topic]++
	}
	out := canon.NewObject()
	for _, topic := range []string{topicOptimae, topicBlocks, topicTasks, topicDiscovery} {
		out.Set(topic, canon.NewObject("mesh_size", int64(peers), "fanout_size", int64(0), "recent_messages", recent[topic]))
	}
	return out
}
