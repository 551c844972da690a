// Package table carries small column tables: the bodies of the worker protocol's frames. There are two forms of them,
// Arrow IPC streams and, for programs without an Arrow library, JSON lines; [Form] has both behind one interface, and
// [Read] takes either.
//
// [Encode] writes one schema message and one record batch; [Decode] reads such
// a stream from any writer (several batches are joined) into plain Go slices,
// so nothing outside this package holds Arrow memory. Four column types are
// used: int64, uint64, float64 and utf8, each nullable.
//
// [EncodeLines] writes an object of the metadata and one for each row, integers of 64 bits and reals exact; [DecodeLines]
// tells a column's type from its values, and the getters turn it into what they are asked for where nothing is lost.
//
// The bytes come from another process and may be garbage. Decode checks every
// length against what is there before Arrow allocates for it, refuses compression,
// nesting and dictionaries, and turns the panics of the flatbuffer accessors into
// errors. DecodeLines takes no more memory for a table than it is allowed.
//
// Formats: the Arrow columnar format 1.x, "IPC streaming format"; JSON (RFC 8259), one value a line.
package table
