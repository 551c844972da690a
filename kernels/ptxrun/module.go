package ptxrun

import "slices"

// Module is an image that was read.
type Module struct {
	// Name is that of the file, for messages: "train.ptx".
	Name    string
	Entries []*Entry
}

// Entry is a kernel.
type Entry struct {
	Name string
	Line int
	// ParameterBytes is the size of its one parameter, an array of bytes.
	ParameterBytes int
	// MaxThreads of a block.
	MaxThreads int
	// Body has the instructions and labels in their order.
	Body []Instruction

	parameter string // its name
	registers []*register
	locals    []array
}

// Instruction is one of an entry, or a label.
type Instruction struct {
	Line int
	// Label is the name of a label; everything below is empty then.
	Label string
	// Op is the instruction with its modifiers: "fma.rn.f32".
	Op string

	guard   *operand // nil: none
	negated bool
	args    []operand
}

// register is one that an instruction names.
type register struct {
	name string // in C++
	kind string // pred, b16, b32, b64, f32, …
}

// array is memory of a thread.
type array struct {
	name         string
	bytes, align int
}

// What an operand is.
const (
	isRegister = iota
	isSpecial  // %tid.x
	isInteger  // bits, two's complement
	isFloat    // bits of a binary32
	isSymbol   // a label, an array, the parameter, shared memory
	isAddress  // [list[0] + bits]
	isVector   // {list…}
	isPair     // list[0]|list[1]
)

type operand struct {
	kind     int
	register *register
	name     string // special, symbol
	bits     uint64
	list     []operand
}

// Immediate reports whether an operand of the instruction is a constant.
func (i *Instruction) Immediate() bool {
	for _, a := range i.args {
		if a.kind == isInteger || a.kind == isFloat {
			return true
		}
	}
	return false
}

// Block is a row of instructions that run together: nothing jumps into it, and only its last one may jump or wait.
type Block struct {
	// Line of the first instruction.
	Line int
	Body []Instruction
	// Loop says that its last instruction jumps to its first.
	Loop bool
}

// Blocks cuts the body. Counters are numbered so.
func (e *Entry) Blocks() []Block {
	var out []Block
	fresh := true
	var labels []string // of the row
	for _, i := range e.Body {
		if i.Label != "" {
			if !fresh {
				labels = nil
			}
			fresh = true
			labels = append(labels, i.Label)
			continue
		}
		if fresh {
			out = append(out, Block{Line: i.Line})
			fresh = false
		}
		b := &out[len(out)-1]
		b.Body = append(b.Body, i)
		if fresh = i.ends(); fresh {
			b.Loop = len(i.args) == 1 && slices.Contains(labels, i.args[0].name)
			labels = nil
		}
	}
	return out
}

// ends reports whether control may go elsewhere, or to another thread, behind an instruction.
func (i *Instruction) ends() bool {
	switch i.Op {
	case "bra", "bra.uni", "ret", "exit", "trap", "bar.sync", "barrier.sync", "bar.warp.sync":
		return true
	}
	return false
}
