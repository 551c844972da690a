// Package island decides which champions migrate between islands: from whom an island takes immigrants (topology), which
// of those that have arrived it lets in (policy), how often (interval), and which of its own individuals an island has
// confirmed in order to announce them (nomination). Where an immigrant is placed in the population is package ga's matter.
//
// A [Gate] stands before one island. What the other islands announce is offered to it, and at the end of a round it opens:
//
//	gate := island.NewGate[Recipe](config)
//	gate.Offer(island.Migrant[Recipe]{From: peer, Fitness: f, Value: recipe}) // as champions arrive
//	immigrants := gate.Open(round, self, members)                             // once in a round
//
// A [Nominator] stands behind it: it picks what is worth a confirming run, while earlier nominations are still open:
//
//	nominator := island.NewNominator[Recipe](island.MaxOpen)
//	n, ok := nominator.Nominate(candidates, known) // once in a round
//	nominator.Confirm(n.ID, performance)           // when its confirming run has ended
//	nominator.Close(n.ID, island.Announced)        // when its claim is decided
//
// It learns from its confirming runs by how much an average of trainings exceeds the promise of one ([Nominator.Gain]).
//
// The islands of a network have no common clock and announce only what beats the best that is known, so migration is
// the receiver's decision alone: the same rules serve a node among strangers and a simulation. Everything is a function of
// the configuration, the ids and the rounds; random choices are hashes of them.
//
// The terms are those of Cantú-Paz, "A survey of parallel genetic algorithms" (1998): topology, migration rate and
// interval. Deliberately absent: the rules by which a network accepts what is announced, synchronous epochs, and any
// knowledge of what a champion is.
package island
