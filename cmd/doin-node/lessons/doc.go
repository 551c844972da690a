// Package lessons gathers what recorded trials can teach a search, and has a worker learn it: the commands "doin-node meta", of
// package meta beside this one, and what a running node does before its first search.
//
// Trials come from the tables of a node (olap.db), from Parquet files that "doin-node olap export" wrote, from the acceptances of a
// chain, and from what was imported before. They are rows of package ga/prior; "doin-worker learn" makes networks of them, since a
// node links no engine. A data directory keeps them under prior/: network.prior, and one file of trials for each import.
package lessons
