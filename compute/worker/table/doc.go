// Package table carries small column tables as Arrow IPC streams: the bodies of
// the worker protocol's frames.
//
// [Encode] writes one schema message and one record batch; [Decode] reads such
// a stream from any writer (several batches are joined) into plain Go slices,
// so nothing outside this package holds Arrow memory. Four column types are
// used: int64, uint64, float64 and utf8, each nullable.
//
// Streams come from another process and may be garbage. Decode checks every
// length against what is there before Arrow allocates for it, refuses compression,
// nesting and dictionaries, and turns the panics of the flatbuffer accessors into
// errors.
//
// Format: the Arrow columnar format 1.x, "IPC streaming format".
package table
