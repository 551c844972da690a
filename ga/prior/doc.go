// Package prior is what searches of one network tell the searches to come, as files and rows: trials of tasks, how a recipe becomes
// numbers, and the networks that package meta trains on them.
//
// A [Trial] is one line of a rows file: a recipe, the task that it was tried on and what it scored there. [Columns] makes the inputs
// of a family's networks out of its trials, [Encode] a recipe's values on them. A [File] holds a [Family] of networks for each kind of
// domain, with the evidence whether they predict a task that they have not seen; Encode and Decode are its bytes:
//
//	offset  size  content
//	0       13    "doin prior 1\n"
//	13      32    SHA-256 of the rest
//	45      4     length of the head, unsigned, little-endian
//	49      …     head: JSON, the families without their weights
//	…       …     the weights of all networks, binary32, little-endian
//
// It is data alone: nothing here trains or predicts, so that a node may read a file without an engine.
package prior
