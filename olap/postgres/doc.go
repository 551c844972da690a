// Package postgres is the sink that keeps the star schema of package olap in a PostgreSQL database, where other tools look at
// several nodes at once.
//
// Names and keys are those of the SQLite file. Times of day are TIMESTAMPTZ, JSON is JSONB, unsigned numbers are NUMERIC. All rows
// are copied into temporary tables and taken from there, a statement a table and not one a row; the sink's position in the recorder's spool is written
// in the same transaction, so that a row that comes again changes nothing. A server that is away is waited for: the recorder
// keeps the rows and tries again.
package postgres
