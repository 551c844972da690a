// Package application is protocol 2 as one deterministic machine: what a block of the certified chain (chain/streamlet) means for the
// hashed state (chain/state). It joins money (chain/account), claims and evaluators (chain/optimae) and the electorate, and fixes every
// byte that travels.
//
//	Genesis   a network's constants and what it begins with; its hash is the network id
//	Tx, Wire  a transaction and a block in bytes, one form each
//	Network   the machine: Genesis to a State, a State and a block to the next State
//	Rules     a Network as package streamlet asks for it, with a node's key and pool
//	Scheme    signatures and beacons: P256 in networks
//	Reader    a chain in one file, verified from its genesis file on; Export writes one
//
// # The state
//
// Accounts are where chain/account has them, claims and peers below "o/" (chain/optimae), the electorate of a block's children under
// "electorate" (chain/light). Besides there are
//
//	k · id 20   the public key, 64 bytes, of who is registered
//	m           base fee u64 · slot of the last block with a commit or a transfer u64
//
// # A block
//
// Its id is light.Header's, over the root of the state after it. The rules of claims know a block by the hash of its inputs, which is the
// same without the root: a root that named its own block could not be computed. Its leader's signature is no part of the id; it is the
// same signature with which others certify it, over slot and id, and the id covers the height, the parent and so the whole history.
// Everything that is signed or proved begins with "doin/2\n" kind "\n" network id "\n". A transfer is bound to its place by its nonce, a
// vote by the draw's block, whatever else could be repeated by the slot in which it was signed.
//
// A block applies in this order: its leader's signature and beacon; its transactions, each with its signature; what the rules of claims
// derive; the base fee; the electorate; the root.
//
// # Fees
//
// A transfer pays at least the base fee, in the shape of EIP-1559 (chain/ledger). The base fee is burned and the rest is the leader's:
// were all of it the leader's, it would fill its blocks with transfers to itself for nothing and raise everybody's fee. The base fee
// moves with each block that may hold commits and transfers, and falls with each commit interval in which there was none: a full block
// before an idle time must not keep everybody out (TestBaseFee).
//
// # Where the design left a hole
//
// A certificate names its signers by id, not by a bitmap over electorates: a block can be read by who has no state, and of two
// electorates at once there is no common order. Signatures have one form: 64 bytes, s at most half of the order. A recipe must be its
// own canonical JSON, else one recipe could be committed under many hashes. The electorate has at most light.MaxPeers peers.
//
// Deliberately absent: tasks and the weight by demand, recovery, domains that are added, the pool's order, the
// disk, the network.
package application
