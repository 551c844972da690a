// Package state is the network's state as a set of keys and values with one hash: a persistent Merkle tree, stored by pages, with
// proofs that a key has a value or that it has none.
//
//	Tree     the set: Get, Put, Delete, Range in key order, Copy in constant time, Summary and Root at the cost of what changed
//	Proof    a value, or its absence, beside a root; VerifyProof needs nothing else
//	Batch    the pages that a tree has and its parent has not, and those that it needs no more: what a store writes and prunes
//	Chunk    a part of a snapshot, in key order, with its own proof; Import takes them one by one
//
// # The tree
//
// It is a crit-bit tree (Bernstein's name; Morrison, "PATRICIA", JACM 1968): an inner node names the first bit in which the keys below
// it differ, a leaf is a key and its value. A key is read as nine bits a byte, a 1 and then the byte from its highest bit on; behind its
// last byte there are zeros. So no key is a prefix of another, and the order of the leaves is that of the keys as bytes. A set has one
// such tree, whatever the order of the operations that made it, hence one root:
//
//	leaf    SHA-256(0x00 · length of key u16 · key · SHA-256(value))
//	inner   SHA-256(0x01 · bit u16 · left · right)
//	root    SHA-256(0x02 · number of keys u64 · Σ lengths of keys and values u64 · top), top 32 zero bytes for the empty set
//
// All numbers are big endian. Keys are not hashed: ids are hashes of keys as they are, ranges by prefix must have an order, and a path
// can be no longer than 9·MaxKey. Who wants a long path beside somebody's id has to find ids that begin as that one does, which costs
// twice as much for each step more.
//
// # Why not a library
//
// The trees that are kept well are versioned AVL trees, whose root depends on the order of operations and which bring the store of
// their framework, and sparse trees over hashed keys, which have no ranges and no cheap copies; tries that have both are parts of whole
// nodes. What is needed here is a few hundred lines over SHA-256 of the standard library, and a second implementation needs the five
// lines above.
//
// # Pages
//
// A node is a small thing to read from a disk. Nodes whose bits are of one half of a byte of the key lie in one page with the small
// leaves below them, up to 31 nodes: a value is five reads away among 10⁶ keys. Pages are how a tree is stored and no part of its hash.
// A page has a Place, which no other page ever has: who dropped a page and makes the same one anew writes it anew. That is what makes
// pruning exact without counting references: a page belongs to the commit that made it until one commit further on drops it.
//
// Deliberately absent: what keys and values mean (chain/account), the disk (chain/store).
package state
