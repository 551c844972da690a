// Package streamlet is the certified chain of protocol 2: who may build a block, who signs what, and when a block is final.
// It is Streamlet (Chan and Shi, "Streamlet: Textbook Streamlined Blockchains", AFT 2020) for an electorate that changes.
//
// Time is cut into slots, and each slot has one leader, drawn by the beacon of the branch's last final block. A leader builds
// on the highest certified block it knows. An evaluator signs a block if that block's parent is certified and none that it
// knows to be certified is higher than the parent. Signatures of ⌈2n/3⌉ certify a block, and a block carries its parent's
// certificate. Of three certified blocks in consecutive slots the middle one is final, with all before it.
//
//	Electorate   who signs, and how many signatures certify
//	Tree         the blocks above the last final one: what is valid, certified, highest, final
//	Lock         what an evaluator has promised by its signatures
//	Machine      events in, effects out: a node's part. No input, output, clock or randomness
//
// A Machine is told what a block means by its Rules, and signs by its Key: the package knows neither transactions nor
// cryptography, and the certificate is the only thing of a block that it checks in full.
//
// # Departures from the paper
//
// Slots may be empty, and a block may be signed up to LateSlots after its own slot: the proof needs no more of time than that
// an evaluator's signatures are of ascending slots. The electorate changes: see Electorate. Evaluators restart: the proof needs
// an evaluator to remember, beside the slot it last signed, the highest parent it ever signed a child of. Without that memory
// evaluators that lose their power after they certified a block can certify another one at its height, and nobody was dishonest
// (TestWithoutMemory). A Lock holds both, and it is on the disk before a signature leaves, with the blocks that it speaks of: if all
// evaluators lose their power at once, what they are locked on must still exist somewhere. An evaluator that has lost its lock (a disk
// restored from an older copy) signs nothing until it knows a final block of a later slot than its start: what its forgotten signatures
// made final is below that one. Where more than a third has lost it at once, nobody goes on by itself.
//
// A change of the electorate is made only if those who signed the certificate that its block carries are enough of the new one: else,
// of three evaluators one is away, a second leaves, and the third waits for ever (TestUnsafeChange).
//
// # Absence
//
// Who signed none of the last AbsentBlocks certificates and did nothing else in their blocks leaves the electorate by a block,
// as everybody leaves it, never by time: an electorate goes on without those who are away, one a change. The price: a coalition that
// can also cut off honest evaluators for so many blocks each is measured against those who are left. Who is absent, and whose turn a
// change is, Rules say, by the state (chain/optimae); the tree refuses a change that is not Allowed.
//
// Deliberately absent: stakes, offences' punishment, the wire form of blocks and certificates, recovery by hand after more than
// a third is lost at once.
package streamlet
