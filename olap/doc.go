// Package olap records what a node measured: one experiment per optimizing domain, one row per round, one per step of a
// claim, one summary per experiment, and one row per optimae the chain accepted.
//
// The tables form a star schema whose first columns are the Python reference's (its CSV file of 51 columns, its SQLite file
// of five tables); columns and a table of our own follow. A row struct is its table: see table.go. From it come the Arrow
// schema, the accessors, the SQL, the CSV file's columns, the spool's JSON and SCHEMA.md.
//
//   - Tracker is the life cycle of the experiments: it numbers rounds, finds improvements and convergence, and makes rows.
//     It reads no clock. An experiment outlives its process: see Progress.
//   - Recorder takes rows and delivers them to sinks. Record appends to a queue on disk (olap/spool) and returns; a sink that
//     is slow or down is retried with backoff and catches up.
//   - Sink is one destination; olap/csv and olap/sqlite are two, and olap/open knows them by name.
//
// To add a column: a field of the row struct, with its tags and the next schema version, and whoever fills it.
//
// Deliberately absent: queries (a sink's package has its own) and any knowledge of blocks and peers beyond the rows
// themselves.
package olap
