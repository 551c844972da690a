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
// Money is in the records of chain/account. The rest is under "o/", a letter, "/" and: g nothing (Totals); p peer (Peer); u peer
// (standing); d domain (Domain); c sequence (Claim); i commitment (index); r recipe hash, domain (published); v commitment, member
// (ballot); b height (block hash, 64 kept); q number (share); t peer (seen: the last block at work, of who is elected). Indices follow
// from other records: e length of domain, domain, peer (elected, of the empty domain all); z the same (vote beside the members); w peer
// (waits for a change of the electorate); y height, peer (when to look for absence); l slot, peer (when a stake is due); x and j slot,
// key (when a commitment and a recipe are forgotten). Numbers in keys are eight bytes, so that ranges are in order. A block costs what
// changes: no table of peers is read but at a draw.
//
// # Formats
//
// Each record and body is its fields in the order of its code method. Integers are 8 bytes, big-endian; a text is its length in 2
// bytes and itself; a list its length in 1 byte and its entries; a truth 1 byte, 0 or 1; a number the bits of a double, neither
// infinite nor NaN nor −0; sums S1, n and S2 in 16 bytes; a hash its 32 bytes. Nothing may follow, so each has one encoding. Hashes of
// the rules (VoteHash, Seed, StampHash) begin with "doin/2\n" kind "\n" network id "\n", of kinds "optimae-vote", "optimae-seal",
// "seed" and "stamp". A commitment is SHA-256(recipe ":" nonce), bound to its author by the nonce and to its network by the
// transaction's signature.
//
// # Where the design left a hole
//
// The third block past a window's end is read before it closes it. An abstaining member stays in k, as a silent one does. A claim that
// is refused leaves what its deposit does not divide into to be burned; one that is not better, and a paid slice, to the author. A
// duplicate of an earlier commit's recipe loses its deposit only if the recipe had been public for 64 slots when it was committed: two
// honest authors that find one recipe lose nothing (TestStolenReveal). A claim that is reproduced and wins, but not within the
// synthetic tolerance, is undecided. A stamp is bound to its author, so that nobody else can use it.
//
// A commitment that is forgotten could be sent again by anybody, and so could a registration, a leave, a return: they name the slot in
// which they were signed, are good for TxLife slots, and a peer's must be younger than the last that was taken (TestReplay). An
// author's reputation grows by 1 with each claim that is accepted or overtaken, registered or not: else whoever is no evaluator would
// be credited with an eleventh for ever. An increment is scaled as consensus.ReputationFactor has it. The reputation of who is absent
// decays below 2, and who has reached 2 once may return. A vote in a domain with a radius that is far from the median is not charged.
// Of who is put out the other half of the stake goes back as that of who leaves, and its record stays. Two blocks of a leader in a
// slot are two signatures of it, as building is signing: one proof serves both. What can be appealed against keeps its deposit until
// it cannot; who was wrong in a draw shares nothing of what others lose, though it was right in the jury; a claim that a jury finds to
// win becomes what it would have been; deposits of claims judged against an annulled champion go back as long as they can be appealed
// against themselves. A return, as any change of the electorate, waits until it is safe.
//
// # Deliberately absent, to be built
//
// Appeals where results agree within a radius; the domain's weight by demand; recovery; the bound of a claim's work, which is known from
// a recipe that these rules do not read. That a recipe is canonical JSON, and transfers, are chain/application's. Standings of who never
// registers are kept although they decay to nothing.
package optimae
