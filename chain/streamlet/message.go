package streamlet

// MaxBranch bounds the blocks of a Branch.
const MaxBranch = 512

// Message is what machines tell each other; one member is set. Who hands a Block over, alone or in a Branch, has verified it as Block
// says; of the rest nothing is verified.
type Message struct {
	Block     *Block
	Signature *Signature
	Tip       *Tip
	Request   *Request
	Branch    *Branch
}

// Tip tells how far a node is: its highest certified block.
type Tip struct {
	Height      int64
	Certificate *Certificate // nil: block 0
}

// Request asks for the blocks above a final height up to Want.
type Request struct {
	Above int64
	Want  ID
}

// Branch is blocks, ascending, each the parent of the next, at most MaxBranch, and the certificate of the last where there is one.
type Branch struct {
	Blocks      []*Block
	Certificate *Certificate
}

// Event is what a Machine is told.
type Event interface{ event() }

// Tick says that a slot has begun. Slots never go back; some may be left out.
type Tick struct{ Slot int64 }

// Wake says that there may be something to record now.
type Wake struct{}

// Received is a message of a peer.
type Received struct {
	From    string
	Message Message
}

func (Tick) event()     {}
func (Wake) event()     {}
func (Received) event() {}

// Effect is what a Machine wants done, in the order given: what comes after a Persist must not leave before that is on the disk.
type Effect interface{ effect() }

// Persist is to be on the disk before the next effect: the lock, in place of the one before, and blocks. A node starts again from
// the blocks and the last lock.
type Persist struct {
	Lock   Lock
	Blocks []*Block
}

// Broadcast is a message for everybody.
type Broadcast struct{ Message Message }

// Send is a message for one peer.
type Send struct {
	To      string
	Message Message
}

// Serve is an answer to a Request that begins with blocks which are final: those from height Above+1 to To, which the store has, and
// then Branch; MaxBranch in all, the Certificate only with the last of them.
type Serve struct {
	Peer      string
	Above, To int64
	Branch    Branch
}

// Finalized are blocks that are final now, ascending. They were on the disk before, or are to be put there.
type Finalized struct{ Blocks []*Block }

// Offence is a proof that a peer has signed two blocks of one slot.
type Offence struct{ First, Second Signature }

// Refused says that a peer has sent what no honest node sends.
type Refused struct {
	Peer string
	Err  error
}

func (Persist) effect()   {}
func (Broadcast) effect() {}
func (Send) effect()      {}
func (Serve) effect()     {}
func (Finalized) effect() {}
func (Offence) effect()   {}
func (Refused) effect()   {}
