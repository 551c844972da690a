// Package chainsync keeps the chain level with the peers': at the start, when a
// peer announces a block, and by asking for their status every few seconds.
//
// A peer with another tip is searched for the highest block it shares with us,
// galloping back from our tip and then by bisection, never below our finalized
// height. Where the peer only continues our chain, its blocks are submitted some
// pages at a time, and the next page is fetched meanwhile; where it forks from it, the whole branch is fetched and checked
// (links, ids, hashes) first and submitted as one, so that the [Chain] can
// validate it beside the current one and switch in one step or not at all. The
// reference rolls back before it has the replacement, and believes its length.
//
// One synchronisation per peer at a time, few in all; branches are bounded in
// blocks and bytes; a peer that serves bad blocks is reported to Penalize and
// left alone for a while.
//
// Deliberately absent: deciding which branch is better (the Chain does), state
// snapshots, fetching one branch from several peers.
package chainsync
