// Package store keeps the chain on disk: blocks, what their application produced
// (receipts and state), and small records of the node, in one Badger database.
//
// # What it promises
//
//   - A call that returned nil is on the disk: kill -9 or a power cut afterwards
//     loses nothing of it.
//   - A call that returned an error has changed nothing.
//   - Append and Replace are atomic: after a crash in the middle of one, the chain
//     is the old one or the new one.
//   - What is read is checked: a value against its CRC-32C, a block also against
//     its own hash. A mismatch is a *CorruptError that names the height.
//   - What was acknowledged and is gone is noticed: Open compares the chain with a
//     witness, a small file beside the database that names the last acknowledged
//     tip, and reports the loss by Damage.
//
// # Layout
//
// Contents are stored under the block's hash, the order of blocks apart from them:
//
//	b <hash 32>     block, canonical JSON
//	r <hash 32>     receipts
//	s <hash 32>     state after the block
//	h <height 8>    hash of the block at that height (big endian)
//	t               tip: height and hash
//	p               states below this height are pruned
//	g               hashes whose contents may be garbage
//	m <name>        record of the node
//	n c k o         hashed states: see trees.go
//	f <height 8> <id 32>   block of a certified chain: see certified.go
//	w <name>        note of a machine, among them what it has promised
//
// Every value ends with the CRC-32C of key and value, four bytes, big endian.
//
// This is what makes a reorganisation of any length atomic although a Badger
// transaction has a limit: the branch's contents are written first, in as many
// transactions as they need, while nothing points to them; then one small
// transaction changes the heights, the tip and the list of garbage; then the old
// branch's contents are deleted. A crash before the small transaction leaves the
// old chain, one after it the new chain, and the next Open deletes what the list
// of garbage names and the heights do not.
//
// # What is absent
//
// Nothing is cached beyond what Badger caches, and no rule is checked beyond
// height, parent and hash: whether a block is valid is chain/consensus's concern.
package store
