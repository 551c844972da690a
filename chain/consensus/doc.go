// Package consensus holds the strict chain's rules: what a valid block is, what it is worth, and what
// the network's state is after it.
//
// The heart is one pure function: [Apply] takes the state after a parent block and a block, and returns
// the state after it or the reason why the block is refused. Nothing else decides anything. It reads
// no clock, draws no random number and does no I/O; two nodes that apply the same blocks hold
// the same [State], and its hash stands in every block's ext. [Build] makes a block that Apply accepts.
//
// # Numbers
//
// A claim is an average: a domain's recipe trained with K seeds of its commitment (genesis: seeds), the performance that of all of
// them together. What its comparison with the base adds up to ([chain.Sums]) is in the claim and in every vote, which names the
// base it was made against; performance, digest and sums are compared as bits.
//
// Every number that two nodes must agree on is an integer: 10⁻⁶ ("micro", [Micro]) for increments, weights,
// reputation and thresholds, 10⁻⁸ DOIN for money, microseconds for time. Performances are binary64
// values that workers computed; they are compared as bits or taken apart exactly with math/big. The
// package does not import math, and a test keeps it so.
//
// # Rules in force
//
//   - improvement: a claim wins over its base if new − old ≥ min_increment × performance_scale and, where the domain has
//     validation cases, its comparison with the base case by case is beyond noise ([DomainRules.Wins]); the first one of a domain
//     is compared with the domain's baseline. What does not win is no acceptance;
//   - increment: (new − old) / performance_scale, at most one; the first acceptance of a domain counts one half
//     ([RawIncrement]). The unit is fixed, so that slicing an improvement pays nothing extra;
//   - effective increment: raw × domain weight × reputation factor ([Domain.Weight], [ReputationFactor]);
//   - quorum: the k lowest SHA-256(anchor ":" commitment ":" peer) of the evaluators eligible in the
//     anchor's state, ⌈2k/3⌉ of which must agree ([Members], [Needed], [DomainRules.Agrees]);
//   - agreement: votes reproduce a claim bit for bit, or, where the domain's genesis entry says {"within": r}, if |a − b| ≤
//     r·max(|a|, |b|) in exact rationals, digests and sums not compared; min_increment is at least 2r then, sums decide nothing, and
//     nobody is charged for a vote ([DomainRules.Same], [DomainRules.Reproduces]);
//   - base: an acceptance stands on the champion of the state it is applied to;
//   - difficulty: integer form of the reference's controller, halved for each full target time ([Difficulty]);
//   - reputation: asymmetric, decaying ([Reputation]); a vote is charged for bits that the quorum's
//     re-runs contradict, never for its synthetic sample;
//   - limits: bytes and nesting of parameters, reveals and transactions, transactions of a block and of a
//     peer in it ([MaxTxBytes], [MaxPayloadDepth], [MaxBlockTx], [MaxPeerTx]);
//   - replay: every transaction is spent by a nonce, by a registration, or by an anchor that leaves the window
//     of [Window] blocks before the transaction does;
//   - finality: depth and the signatures of two thirds of the eligible evaluators ([State.Finalized]);
//   - fork choice: finality, certified work, generator rank ([Better]);
//   - money: package ledger. A genesis file may grant first balances (grants: key and decimal amount); they are minted by block 0
//     and count against the maximum supply, which ends the rewards so much earlier.
//
// # Transactions
//
// Eight of chain's types have a place; each is one row of a table of parse, apply, key and fee ([Types], [Key], [Fee]):
//
//	optimae_accepted      a claim on the domain's champion with the votes of its quorum; the domain's champion from then on
//	optimae_rejected      a claim that its quorum contradicts, with the author's signed reveal; costs the author
//	task_completed        an inference that a registered evaluator has served; raises the domain's demand
//	transfer              money from its signer to another peer
//	evaluator_registered  makes its signer an evaluator; burns a stake
//	evaluator_left        ends that, where the genesis file says evaluators_may_leave and two others stay
//	domain_registered     adds a domain, where the genesis file says domains_may_be_added; locks a deposit
//	domain_closed         ends that, by who added it, and gives the deposit back
//
// An acceptance names its base, the champion that it improves on, "" for the first of a domain; its sums are against that one. Is another one champion by
// then, the claim is superseded: refused without reward or fine ([ErrSuperseded]). A base still to come waits ([ErrEarly]), and
// [Build] puts both into one block whatever their order. A rejection is recorded whatever the champion is.
//
// Who leaves names the height of the registration that it ends, and who registers again the height at which it left: neither
// transaction can be repeated by others. Quorums that were drawn before still count the leaver's votes; its reputation stays.
//
// An added domain takes claims from the next block on, under an id that the network never had ([MaxAdded] of them in all), and a closed
// one takes none: claims that are under way end with nobody rewarded or charged. Quorums are drawn from all evaluators whatever they
// run, so that a domain earns once two thirds of those drawn run it: nobody is paid for a problem that nobody else takes up.
//
// Where the genesis file says solo, an evaluator is its own quorum while nobody else is eligible, neither at the claim's anchor
// nor before the block; receipts and champion say so, and its vote earns it nothing.
//
// # What is hashed
//
// Format 2 of protocol 1 (chain.Format) differs from format 1 in seeds and noise_z2 of the genesis file's domains, in the unit of
// increments, in the sums of reveals, acceptances, votes and champions, and in the base of votes. Format 1 differs from format 0 in the genesis file's protocol, format and solo, in the base of
// reveals and acceptances, in the training seed of 64 bits that a commitment names (chain.TrainingSeed), and in the state:
// champions replaced in each block of the window, and whether a champion is solo.
//
// # Finality
//
// The reference finalizes by depth alone, so that two halves of a partitioned network finalize different
// blocks and can never heal. Here a peer certifies a block by signing something that names it or a
// descendant: a block on top of it, a vote or an acceptance anchored at it. A block is final when it is
// finality_confirmation_depth deep and ⌈2n/3⌉ of the n eligible evaluators have certified it. Two disjoint
// sets of peers cannot both be that large. This is not accountable safety in the sense of Casper FFG (Buterin and
// Griffith, 2017): it does not punish who certifies two branches. And who is eligible follows from the branch: peers who
// are cut off decay there, from reputation 10 below the minimum in about 17 days, and count no more. A split that lasts
// longer can end in two final branches; it is the price for a network that goes on when some leave for good.
//
// Deliberately absent: everything that needs the network, a clock or a disk (chain/engine, chain/store).
package consensus
