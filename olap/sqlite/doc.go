// Package sqlite is the sink that keeps the star schema of package olap in one SQLite file, and
// the queries of the HTTP API over it.
//
// The file is the Python reference's at schema version 3, with our columns and tables added as the versions that follow: it
// opens files of every earlier version and migrates them in one transaction. It is in WAL mode with
// foreign keys on and synchronous=FULL, so a row that Write returned for survives a power failure.
//
// Rows are written by primary key, in transactions that also note the recorder's position (table
// _sink_state): a row that comes again changes nothing, nor does a round or a step of a claim that a search repeats after a
// kill. Experiments and chain rows are updated by a later row of the same key; a chain row never loses a value to a null.
//
// The schema is written once, in olap's row structs; this package only renders it as SQL.
package sqlite
