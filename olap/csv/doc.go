// Package csv is the sink that appends one line per round to a CSV file in the Python reference's
// form: RFC 4180 with CRLF, True and False, floats in the shortest form that reads back, empty
// cells for what is missing, times and the delta rounded to 6 decimals. It has rounds alone: the steps of claims, and what the
// chain accepted, are in the tables.
//
// The columns are the reference's 51, in its order; Options.Extra appends ours. A file whose header
// is another is renamed to NAME.1.bak (or the next free number) and a fresh one is begun. On Close
// the last summary of every domain goes to NAME.summary.json.
//
// Beside the file lies NAME.pos, which says how much of it is written and synced. Bytes behind that
// point come from a write that a crash cut off: whole lines stay and are not written again, half a
// line is removed. It also says which round of an experiment is the last in the file: a search that was killed repeats some.
package csv
