// Package nn trains small networks, exactly: level 1 of the search, defined bit for bit by the numeric contract
// DOIN-F32 v2 (CONTRACT.md in the parent folder).
//
// A Config is a training as data: layers with their shapes, loss, optimizer, schedule, early stopping. Train runs one
// and returns the best weights together with the digest of the run: a Merkle root over its states, which another node
// reproduces from the same recipe and seed on any machine. An Engine trains populations of mixed shapes, one training
// per worker at a time. A Run is a training that is made step by step, from the beginning or from a Checkpoint. Package
// referee settles which of two digests is right. SelfTest checks the machine itself.
//
//	engine, err := nn.NewEngine(nn.EngineConfig{})
//	results, err := engine.Train(ctx, tasks, nil)
//
// A Config is compiled to a plan: a list of operations between buffers, which a pass executes through the kernels of
// package vec. With the kernels called naive, whose code is the definition of the arithmetic, this package is the
// reference; with those for an instruction set it is the fast engine, and nothing but the kernels differs. The layers
// are one file each, and their doc comments are the formulas.
//
// Deliberately absent: threads within a training, other number formats, recurrent and attention layers. A NaN or an
// infinity in a source is not looked for: it makes the run diverge; domains refuse it when they load their data.
package nn
