// Package engine is the strict protocol's state machine: what a node does about commits, reveals, votes,
// transactions and blocks.
//
// It is pure. [Engine.Step] takes the time and one [Event] and returns [Effect]s in the order in which they
// are to be carried out: a message to broadcast, a training to run, blocks to store, a peer to fetch from. The
// engine reads no clock, draws no randomness, opens nothing and starts nothing, so a test can run a whole
// network under a virtual clock, and a node's event loop is all the synchronisation there is. An Engine is
// not safe for concurrent use; [Engine.View] is an immutable picture for everybody else.
//
// # The life of an optimae
//
//	Propose ─► Evaluate(confirm) ─► Outcome ─► broadcast commit ─► reveal_delay ─► broadcast reveal
//	                                                                                  │
//	 every node: commit seen? commitment equal? ─► Evaluate(verify) ─► Outcome ◄──────┘
//	                    members: signed vote in task_completed ─► optimizer collects ⌈2k/3⌉
//	                                                                  │
//	     broadcast transaction(optimae_accepted with its votes) ◄─────┘
//	     pool ─► increments reach the threshold ─► block ─► announcement ─► fetch ─► Apply by everybody
//
// A claim is never adopted: what L2 gets as an immigrant is what this node re-ran itself. The optimizer assembles
// its own acceptance; a rejection is assembled by the first divergent member of the quorum, with the optimizer's signed
// reveal inside.
//
// Deliberately absent: sockets (net), disks (chain/store), trainings (compute), and the reference's rules
// (chain/python).
package engine
