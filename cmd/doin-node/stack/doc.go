// Package stack is a node without its chain machine: the parts around one, joined, with their order of starting and stopping.
// A program adds the machine, its rules and what the API shows of them: cmd/doin-node/node the strict one, cmd/doin-pynode/node
// that of networks of Python nodes.
//
//	        net/api ─────────────┐ questions                    compute/worker (child processes)
//	net/transport ─► net/flood ──┤ messages   ┌──────────────┐  trainings   ▲
//	net/discovery                ├──────────► │  stack/loop  │ ─────────────┘
//	net/chainsync ───────────────┤ branches   │   machine    │ ─► net/flood: broadcasts
//	search (one per domain) ─────┘ proposals  └──────┬───────┘ ─► search: claims, migrants, champions
//	                                                 ▼
//	                             chain/store first, then olap: rows
//
// There is one event loop (package loop); everything that changes protocol state is an event in it. Effects that take time
// (trainings, forecasts) run in goroutines that end with the node and come back as events. Start opens, in the order in
// which a failure is cheapest: [Open] key and port, then the program its genesis and chain, then [New] the rest; [Stack.Run]
// runs all of it and closes what was opened.
package stack
