// Package layers holds no code: its test states which package must not reach which
// other, however indirectly, and checks it in every build flavour.
//
//	   cmd/doin-node   cmd/doin-worker  cmd/doin-bench    arrows point at what is imported
//	      │                │       │         │
//	cmd/doin-node/node     ga      │    bench/engine
//	 │     │     │         │       ▼         │
//	olap  net  compute/worker  compute ◄─────┘
//	       │                   (ga: compute/genome and compute/rng only)
//	       └──► chain
//
// chain knows neither network nor computing: it declares what it needs and
// cmd/doin-node/node supplies it. compute knows nothing of chains and peers. olap is
// a leaf. A new package is covered by the line of its folder; a new folder needs one,
// and the test says so.
package layers
