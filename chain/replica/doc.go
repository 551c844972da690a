// Package replica is a node's part in a network of protocol 2, as a machine of chain/protocol: it builds and signs blocks of the
// certified chain (chain/streamlet) over the network's rules (chain/application), keeps the transactions that wait, and does what the
// rules ask of the node: it commits and reveals what its search proposes, re-runs the claims of others and votes on them.
//
//	Propose ─► Evaluate(own) ─► commit ─► (draw) ─► reveal ─► votes of the members ─► opening ─► outcome
//	               │ not better                          ▲
//	               └► Withdrawn             Evaluate with the seeds of the draw
//
// It is pure, as every machine of chain/protocol: Step takes the time and one event and returns what is to be done, in order; it reads no
// clock, draws nothing at random, opens nothing and starts nothing. It reads final blocks of its own through [Disk] where a peer asks for
// them.
//
// # Two chains
//
// What is final becomes a block of the chain that readers know (chain.Block, in the reference's format): block i of that chain is a
// function of final block i of the certified one and of what it did. A claim's outcome is an optimae_accepted or optimae_rejected
// transaction of it, money that was issued an output of its receipts. That chain never changes but by growing, and nobody has to believe
// it: its blocks are made by each node for itself, from what it has verified.
//
// # What is on the disk
//
// A [protocol.Persist] holds the blocks that a signature or a final block speaks of, what the node has promised by its signatures
// (the note "lock"), its own votes ("vote/…") and the recipes and nonces that its commits hide ("claim/…"). All of it is on the disk
// before a message that depends on it leaves: a node that loses its power signs nothing twice, votes for nothing else, and reveals what it
// has committed. Every so many final blocks the state is stored with what its claims need
// (a [protocol.Snapshot]); New goes on from there by applying the blocks above it again, which verifies them.
//
// # What the node says for its owner
//
// An evaluator that was absent says that it is back; with Config.Register the node registers as soon as its balance allows.
//
// A node that has neither money nor a stake claims by a stamp: work that a [protocol.Stamp] asks for.
//
// Deliberately absent: appeals and juries, snapshots for newcomers (they fetch every block), the pool's order by tip, tasks of forecasts
// on the chain, domains that are added. Forecasts are answered and no chain hears of them.
package replica
