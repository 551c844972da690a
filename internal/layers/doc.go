// Package layers holds no code: its test states which package must not reach which
// other, however indirectly, and checks it in every build flavour.
//
//	   cmd/doin-node   cmd/doin-worker         arrows point at what is imported
//	      │                │       │
//	cmd/doin-node/node     ga      │
//	 │     │     │         └► compute/genome, compute/rng
//	olap  net  compute/worker      compute
//	       └──► chain
//
// chain knows neither network nor computing: it declares what it needs and
// cmd/doin-node/node supplies it. compute knows nothing of chains and peers. olap is
// a leaf. A new package needs a line in layers_test.go only if it is a new layer.
package layers
