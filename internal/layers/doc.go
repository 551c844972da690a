// Package layers holds no code: its test states which package must not reach which
// other, however indirectly, and checks it in every build flavour. The drawing is
// ARCHITECTURE.md's; the test compares it with the packages and with the rules.
//
// chain knows neither network nor computing: it declares what it needs and
// cmd/doin-node supplies it. compute knows nothing of chains and peers. olap and
// kernels are leaves. A new package is covered by the line of its folder; a new folder
// needs one, and the test says so.
package layers
