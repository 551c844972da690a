// Package olap records what a node measured: one experiment per optimizing domain and process
// run, one row per round, one summary per experiment, and one row per optimae the chain accepted.
//
// The tables form a star schema whose first columns are the Python reference's (its CSV file of
// 51 columns, its SQLite file of five tables); columns of our own follow beside them. Tables
// holds that schema as data, so that every sink writes the same thing.
//
//   - Tracker is the life cycle of the experiments: it numbers rounds, finds improvements and
//     convergence, and makes rows. It reads no clock.
//   - Recorder takes rows and delivers them to sinks. Record appends to a spool on disk and
//     returns; a sink that is slow or down is retried with backoff and catches up.
//   - Sink is one destination; olap/csv and olap/sqlite are two.
//
// The spool is described byte by byte in segment.go. Deliberately absent: queries (a sink's
// package has its own) and any knowledge of blocks and peers beyond the rows themselves.
package olap
