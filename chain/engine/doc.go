// Package engine is the strict protocol's state machine: what a node does about commits, reveals, votes,
// transactions and blocks. Its events and effects are those of chain/protocol.
//
// It is pure. [Engine.Step] takes the time and one [protocol.Event] and returns [protocol.Effect]s in the order in which they
// are to be carried out: a message to broadcast, a training to run, blocks to store, a peer to fetch from. The
// engine reads no clock, draws no randomness, opens nothing and starts nothing, so a test can run a whole
// network under a virtual clock, and a node's event loop is all the synchronisation there is. An Engine is
// not safe for concurrent use; [Engine.View] is an immutable picture for everybody else. [Decode] is a function of its own: it
// reads and verifies what a message carries, on any goroutine, so that the loop need not.
//
// # The life of an optimae
//
//	Propose ─► Evaluate(own) ─► Outcome ─► broadcast commit ─► reveal_delay ─► broadcast reveal
//	                                                                                  │
//	 every node: commit seen? commitment equal? ─► Evaluate(verify) ─► Outcome ◄──────┘
//	                    members: signed vote in task_completed ─► optimizer collects ⌈2k/3⌉
//	                                                                  │
//	     broadcast transaction(optimae_accepted with its votes) ◄─────┘
//	     pool ─► increments reach the threshold ─► block ─► announcement ─► fetch ─► Apply by everybody
//
// Several proposals of a domain are on this way at once. Each one ends with one final [protocol.Claim]: Accepted and Rejected
// when the record is in a block of this node's chain, for good or not; a [protocol.Decided] comes before that, when the record
// is first seen, waiting or stored. What a reorganisation takes out of the chain waits again and says nothing twice.
//
// # Bases
//
// A claim names its base in its reveal: the best claim accepted so far, stored or waiting ([Engine.base]). Before the reveal a
// proposal ends as superseded only if it does not improve on that any more. Afterwards it is
// superseded when the chain has gone another way: its base is the champion no more, or never will be. Superseded claims are
// forgotten by everybody; nobody is paid or fined. Of the waiting acceptances that name one base the best goes first into a
// block, so all nodes expect the same one to win.
//
// # Strangers
//
// Identities cost nothing. Authors whom the chain does not know share few places: which of their claims are
// opened a secret lot decides, their trainings wait behind everybody else's, and nothing is recorded against who has nothing to
// lose. Forecasts for who is not the node's own have a quota, and reports of them come after all other transactions. While
// the tip is an old one, as [protocol.Tick] says, nothing is built and nobody's claim judged.
//
// # Champions
//
// What answers a domain's inferences is the chain's champion. Where the chain has none, or nobody but this node could verify
// a better one, it is the best that this node has confirmed itself, told apart by Verified. If the genesis file says solo,
// a node that is the only eligible evaluator votes on its own claims and makes blocks of them, marked as such.
//
// A claim is never adopted: what L2 gets as a migrant is what this node re-ran itself. The optimizer assembles
// its own acceptance, because the rules take its author for the optimizer; a rejection is assembled by the first divergent
// member of the quorum, with the optimizer's signed reveal inside.
//
// Deliberately absent: sockets (net), disks (chain/store), trainings (compute), and the reference's rules
// (chain/python).
package engine
