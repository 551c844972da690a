// Package optimae is the rules of protocol 2 about claims: commit, draw, reveal, vote, opening, outcome, settlement and pay. It is
// integers and exact rationals, without clock, randomness, input or output.
//
//	receipts, outcomes, err := rules.Apply(state, context, transactions)
//
// A builder uses Begin, Transact and End instead, and leaves out what Transact refuses. A State is a hashed tree's draft.
//
// # A claim's way
//
//	Commit → draw, and Reveal once the commit is final → votes → opening → outcome → settled → paid in slices
//
// A window begins with a block and closes with the third block past its end, after that block's transactions. A block's transactions
// come first, then what it derives: draws, windows, settlement in commit order, pay, one change of the electorate.
//
// # Keys
//
// "o/", a letter, "/" and: g nothing (Totals); a peer (balance); p peer (Peer); d domain (Domain); c sequence (Claim); i commitment
// (index); r recipe hash, domain (published); v commitment, member (ballot); b height (block hash, 64 kept); q number (share).
// Numbers in keys are eight bytes, so that ranges are in order.
//
// # Formats
//
// Each record and body is its fields in the order of its code method. Integers are 8 bytes, big-endian; a text is its length in 2 bytes
// and itself; a list its length in 1 byte and its entries; a truth 1 byte, 0 or 1; a number the bits of a double, neither infinite nor
// NaN nor −0; sums S1, n and S2 in 16 bytes; a hash its 32 bytes. Nothing may follow, so each has one encoding. Hashes of the rules
// (VoteHash, Seed, StampHash) begin with "doin/1\n" kind "\n" network id "\n", of kinds "optimae-vote", "seed" and "stamp". A
// commitment is SHA-256(recipe ":" nonce), bound to its author by the nonce and to its network by the transaction's signature.
//
// # Where the design left a hole
//
// The third block past a window's end is read before it closes it. An abstaining member stays in k, as a silent one does. A claim that
// is refused leaves what its deposit does not divide into to be burned; one that is not better, and a paid slice, to the author. A
// duplicate of an earlier commit's recipe loses its deposit only if the recipe had been public for 64 slots when it was committed: two
// honest authors that find one recipe lose nothing (TestStolenReveal). A claim that is reproduced and wins, but not within the synthetic
// tolerance, is undecided. A stamp is bound to its author, so that nobody else can use it.
//
// # Deliberately absent, to be built
//
// Agreement within; appeals (only their wait before settlement is here) and annulled champions; provable offences; votes on probation,
// so that a registered evaluator cannot reach the electorate; absence, decay of reputation and its scale of increments; filling up a stake;
// the domain's weight by demand; recovery; transfers. That a recipe is canonical JSON is for the layer that decodes transactions to check. Balances
// are kept here and must become those of the chain's accounts when a node speaks this.
package optimae
