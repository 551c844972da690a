// Package onnx writes and reads models as ONNX files (https://onnx.ai/onnx/, IR version 8, operator sets ai.onnx 17 and ai.onnx.ml 3), which ONNX
// Runtime and others execute.
//
// A [Graph] is built from its inputs to its outputs: every method appends one or a few operations and returns a [Value]. What a value
// holds, binary32, binary64, integers or texts, is for who builds to know: ONNX converts nothing by itself, and a checker or a
// runtime refuses what does not fit. Names of values are made here, but those of inputs and outputs, which must not begin with "doin:". Bodies of loops and branches are
// graphs of their own that see the values around them.
//
// [Read] returns the operations and constants of a file, whoever wrote it; what they mean is for the reader to say (graph.Import).
//
// Files are protocol buffers; the few messages are written and read here, field by field (proto.go, read.go). Absent: shape inference,
// weights in files of their own, which makes 2 GiB the most that is written.
package onnx
