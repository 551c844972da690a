package engine

import (
	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
)

// AloneRemedy is what to do about a View that is Alone.
const AloneRemedy = "name a node of the network in bootstrap_peers; if its chain stays another one, start once with --reset-chain"

// shared is what is known of the blocks that other nodes have. A node that starts before it finds its network makes blocks
// that nobody else will ever build upon: were they final, it would refuse the network's chain for ever.
type shared struct {
	height  int64 // of the highest block that a peer has, as far as it is known
	company int64 // own blocks in a row since then that were made with peers connected, who have not preferred others
	warned  bool  // of blocks that nobody has
}

// load notes a block of the disk: whatever is of another node has come from a peer.
func (s *shared) load(b *chain.Block, own string) {
	if b.Header.GeneratorID != own {
		s.height = b.Header.Index
	}
}

// received notes that a peer has our block at a height.
func (s *shared) received(height int64) {
	if height > s.height {
		s.height, s.company = height, 0
	}
}

// made notes an own block. With peers that have all before it, they have heard of it; upon blocks of a lone time it takes as
// many as finality is deep, during which a network with a chain of its own would have shown it.
func (s *shared) made(height, depth int64, peers bool) {
	switch {
	case !peers:
		s.company = 0
	case s.height == height-1:
		s.received(height)
	default:
		if s.company++; s.company >= depth {
			s.received(height)
		}
	}
}

// undone notes that our blocks above a height are gone.
func (s *shared) undone(height int64) { s.height = min(s.height, height) }

// finalize makes final what lies deep enough and what a peer has, and says it once when there is much that nobody has.
func (e *Engine) finalize() {
	depth := e.finality.Depth()
	for h := e.finality.Height() + 1; h <= min(e.links.height()-depth, e.shared.height); h++ {
		if c, final := e.finality.OnBlock(h+depth, e.links.at(h)); final {
			e.anchor(c)
		}
	}
	switch alone := e.alone(); {
	case alone && !e.shared.warned:
		e.notice(true, "blocks that no other node has: they are not final, and a network that has a chain of its own may not take them",
			"blocks", e.links.height()-e.shared.height, "height", e.links.height(), "remedy", AloneRemedy)
		e.shared.warned = true
	case !alone:
		e.shared.warned = false
	}
}

// alone reports whether the node has made more blocks by itself than finality is deep: Python nodes that have found each other
// meanwhile do not undo as many.
func (e *Engine) alone() bool { return e.links.height()-e.shared.height > e.finality.Depth() }

// anchor asks for what became final to be anchored. The reference anchors tips, of which the next fork undoes some; a log of
// anchors takes one block of each height.
func (e *Engine) anchor(c python.Checkpoint) {
	if e.cfg.AnchorInterval > 0 && c.Height > 0 && c.Height%e.cfg.AnchorInterval == 0 {
		e.emit(protocol.AnchorDue{Height: c.Height, Hash: c.Hash})
	}
}
