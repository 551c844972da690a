// Package spool is a durable queue: bytes go in, and come out in the same order and exactly as they were, whatever kills the
// process in between. One side appends, any number of readers follow, each with a Cursor of its own; what all of them have
// is released.
//
// A Queue is a folder of segment files, described byte by byte in segment.go. A torn end, from a write that a crash cut off,
// is cut when the queue is opened; a damaged record in the middle is passed over and counted. Numbers are never given twice,
// so that a reader which keeps the number of the last record beside what it made of it does everything exactly once.
//
// Deliberately absent: what the bytes mean, waiting for more of them, and more than one process.
package spool
