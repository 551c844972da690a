// Package protocol is what every chain machine of this project speaks: the events that a node hands to it and the effects
// that it answers with. chain/engine is the machine of the strict rules, chain/python/engine that of networks of the Python
// reference; cmd/doin-node/stack drives either.
//
// A machine is pure. Step takes the time and one [Event] and returns [Effect]s in the order in which they are to be carried
// out; it reads no clock, draws nothing at random, opens nothing and starts nothing.
//
// # The life of a proposal
//
// A search proposes a recipe whenever it has one that promises enough, and goes on; several proposals of a domain may be
// open at once. Each one is named by the search's own number, and a [Claim] effect says every step:
//
//	Propose ─► Evaluate (confirm) ─► Confirmed ─► Committed ─► Revealed ─► Accepted | Rejected | Superseded | Expired
//	                        │             │             └────────────────► Superseded (overtaken before the reveal)
//	                        └► Failed     └► Withdrawn (it does not improve, or nobody could verify it)
//
// Accepted and Rejected mean: the record is in a block of this node's chain. A [Decided] effect comes before that, when the
// record is first seen. Superseded means that another claim became the champion that this one had to improve on; its recipe may
// be proposed again.
//
// Failed, Withdrawn, Accepted, Rejected, Superseded and Expired are final: one of them comes for every proposal, once.
package protocol
