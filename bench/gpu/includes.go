package gpu

import "doin.network/node/bench/workload"

// Includes says what the time behind a figure contains, each in words: "no", "yes", or either with more, after a colon.
type Includes struct {
	// Upload is tables, tasks and first weights on their way to the device.
	Upload string `json:"upload"`
	// Compile is the time to compile, capture and warm up.
	Compile string `json:"compile"`
	// Optimizer is the state of the optimizer, and its update.
	Optimizer string `json:"optimizer"`
	// Stopping is validation, and what ends a training.
	Stopping string `json:"stopping"`
	// Digests is the hashes of the weights while they train.
	Digests string `json:"digests"`
	// Python is an interpreter's own time between the device's work.
	Python string `json:"python"`
}

// whole reports whether everything is said.
func (i *Includes) whole() bool {
	return i.Upload != "" && i.Compile != "" && i.Optimizer != "" && i.Stopping != "" && i.Digests != "" && i.Python != ""
}

// engineIncludes is what a figure of the engine contains.
func engineIncludes(v workload.Variant) Includes {
	i := Includes{
		Upload:    "yes: tasks, programs and first weights, made by the host; the tables lie on the device",
		Compile:   "no: the kernels are compiled, a population's programs are made in its time",
		Optimizer: "yes: AdamW, both moments",
		Stopping:  "where asked for: validation, best weights, each model ends by itself; results come back to the host",
		Digests:   "no",
		Python:    "no: there is none",
	}
	if v == digested {
		i.Digests = "yes: a leaf every 100 steps of every model, hashed by the host"
	}
	return i
}
