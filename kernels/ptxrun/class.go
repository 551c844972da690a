package ptxrun

import "strings"

// Class is a kind of instructions.
type Class string

// Classes.
const (
	FMA       Class = "fma"
	Float     Class = "other float"
	Quotient  Class = "div, sqrt"
	Integer   Class = "integer"
	Quotients Class = "integer div, rem"
	Move      Class = "move, select, convert"
	Predicate Class = "compare, predicate"
	Shared    Class = "shared"
	Global    Class = "global"
	Generic   Class = "generic"
	Local     Class = "local"
	Parameter Class = "parameter"
	Branch    Class = "branch"
	Barrier   Class = "barrier"
	Warp      Class = "shuffle, vote"
	Atomic    Class = "atomic"
)

// Classes returns all of them, in the order of reports.
func Classes() []Class {
	return []Class{FMA, Float, Quotient, Integer, Quotients, Move, Predicate, Shared, Global, Generic, Local, Parameter,
		Branch, Barrier, Warp, Atomic}
}

// Class of an instruction.
func (i *Instruction) Class() Class {
	parts := strings.Split(i.Op, ".")
	float := parts[len(parts)-1] == "f32"
	switch parts[0] {
	case "fma":
		return FMA
	case "ld", "st":
		for _, p := range parts[1:] {
			switch p {
			case "shared":
				return Shared
			case "global":
				return Global
			case "local":
				return Local
			case "param":
				return Parameter
			}
		}
		return Generic
	case "bra", "ret", "exit", "trap":
		return Branch
	case "bar", "barrier", "membar", "fence":
		return Barrier
	case "shfl", "vote":
		return Warp
	case "atom":
		return Atomic
	case "prefetch":
		return Global
	case "mov", "selp", "cvt", "cvta":
		return Move
	case "setp":
		return Predicate
	case "div", "rem", "sqrt", "rcp":
		if float {
			return Quotient
		}
		return Quotients
	}
	if parts[len(parts)-1] == "pred" {
		return Predicate
	}
	if float {
		return Float
	}
	return Integer
}
