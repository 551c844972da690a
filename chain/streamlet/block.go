package streamlet

import "fmt"

// Block is what the certified chain sees of a block. Whoever hands one over has verified that ID is the hash of all of it; that Leader
// has signed it, and that Beacon is what the leader's proof over the parent's beacon gives, is for Rules.Check to verify.
type Block struct {
	ID     ID
	Parent ID
	Height int64 // one more than the parent's
	Slot   int64 // above the parent's
	Leader string
	Beacon ID
	// Certificate is the parent's; nil for a child of block 0, which needs none.
	Certificate *Certificate
	// Body is what Rules make of the block. The package does not look at it.
	Body any
	// Signature is the leader's: building is signing.
	Signature []byte
}

// Signature is an evaluator's consent to a block.
type Signature struct {
	Block     ID
	Slot      int64
	Peer      string
	Signature []byte
}

// Outcome is what Rules say of a valid block.
type Outcome struct {
	// Record is whether the block holds something that is to become final: blocks are built on it until it is.
	Record bool
	// Work decides between certified blocks of one height: more is better.
	Work int64
	// Change is what the block does to the electorate, nil for nothing. A block with one that is not Allowed is invalid.
	Change *Change
	// Begin is who signs the block's children, of a block that those who run a network which stopped for good go on from; nil for any
	// other. It is final without a certificate, and its children carry none.
	Begin *Electorate
	// State is handed back with the block as the parent of others.
	State any
}

// Rules say what blocks mean. They are pure: the same parent and block give the same answer.
type Rules interface {
	// Check applies a block to its parent, whose place, slot, leader and certificate have been verified. An error says that the block
	// is invalid.
	Check(parent *Node, b *Block) (Outcome, error)
	// Build returns the body of a block of slot on a parent. Where due is false a block is built only if there is something
	// to record, which ok says.
	Build(parent *Node, slot int64, due bool) (body any, ok bool)
	// Seal fills ID, Signature and Beacon of a block of this node's that is otherwise complete.
	Seal(parent *Node, b *Block)
}

// Key signs for a node, and verifies what others have signed: the slot and the id of a block, in a pre-image that is for nothing
// else.
type Key interface {
	Peer() string
	Sign(slot int64, block ID) []byte
	Verify(peer string, slot int64, block ID, signature []byte) bool
}

// Reasons why a block is refused; errors of Tree.Add wrap one of them.
var (
	// ErrInvalid: no honest node has built it.
	ErrInvalid = fmt.Errorf("streamlet: invalid block")
	// ErrUnknown: its parent is not known.
	ErrUnknown = fmt.Errorf("streamlet: unknown parent")
	// ErrFinal: it stands at or below the last final block, and is not of its chain.
	ErrFinal = fmt.Errorf("streamlet: conflicts with what is final")
)
