// Package engine is the protocol of a node that lives among nodes of the Python reference: what it does about their
// commits, reveals, tasks, votes, champions and blocks. It is the counterpart of chain/engine for the profile
// "reference", built on the formulas of chain/python.
//
// Like that engine it is pure. [Engine.Step] takes the time and one [Event] and returns [Effect]s in the order in which
// they are to be carried out; it reads no clock, draws nothing at random, opens nothing and starts nothing. An Engine
// belongs to one event loop; [Engine.View] is an immutable picture for everybody else.
//
//	Propose ─► Evaluate(confirm) ─► optimae_commit ─► reveal delay ─► optimae_reveal
//	                                                                      │ every node
//	     synthetic_data_validation false              synthetic_data_validation true
//	     claim better? ─► Evaluate ─► equal?          quorum drawn ─► task_created ─► Evaluate
//	          │ no: optimae_rejected,                      task_completed is a vote; all in:
//	          │     champion pushed back                   median, tolerance ─► accepted or rejected
//	          ▼ yes                                                 │
//	     two optimae_accepted transactions ◄──────────────────────┘
//	     weighted sum reaches the threshold ─► block ─► block_announcement ─► the others sync
//
// # What is the reference's
//
// Messages, payloads, transactions, blocks, increments, quorum selection (with the tip text "genesis", as its SQLite
// nodes have it), rewards, difficulty, reputation and balances; the last four are this node's own bookkeeping, as they
// are there: the chain does not carry them and a restart forgets them. A taller chain wins, between equally tall ones the
// reference's score decides, and finalized blocks stay.
//
// # What is not
//
// Where the reference believes, this package looks; each difference is one that its nodes do not notice.
//
//   - The id of every transaction, the Merkle root and the hash are recomputed: a block whose content was changed under a
//     kept id is refused, and so are numbers that are not finite. So are the records of shared populations, whose ids are
//     not those of their content.
//   - A block's sum must reach its own threshold, and its time must not lie in the future.
//   - A claim is trained here before it is adopted or paid, whichever message brought it. The best of a domain is what
//     this node measured itself, never what somebody said.
//   - A replacement branch is there in full and checked before a block is rolled back; acceptances of blocks that lost go
//     back to the pending ones, and an optimae that the chain has is not recorded again.
//   - A block is attempted after every acceptance, also one by quorum. Work of others waits a moment first, since its
//     author usually makes the block himself; that is what keeps mixed networks from forking at every acceptance.
//   - A block is final only once another node has it: a lone start is no fork for ever.
//   - Everything that strangers can make the node remember or do is bounded.
//
// Nothing on this wire is authenticated: whoever can reach a port can speak in anybody's name. The node's own signatures
// ride along as members that Python nodes ignore.
package engine
