// Package mempool holds the transactions that wait for a block under the strict rules, ordered
// by what they pay, or by the place that their kind has (consensus.Fee). Entry is bounded: by count and bytes (a full pool drops its lowest fees for a
// higher one, never for an equal one), by transaction, and by how many one author may submit in a
// minute, the limits of the reference's fee market. A transaction is known by its id and, where one event
// must not appear twice under two ids, by a key of the caller's, such as "optimae:" and an
// optimae id.
//
// A Pool checks neither signatures nor state: callers add only what they have verified, and
// remove what a block has used or made invalid. It reads no clock: times are Unix microseconds
// that the caller passes, and the same calls always give the same pool. It belongs to one event
// loop and is not safe for concurrent use. Transactions are shared, not copied: whoever adds or
// reads one must not change it.
package mempool
