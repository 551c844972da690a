// Package champion is what a node has found, for the person who wants to take it along: it lists the champions of a node's
// chain, asks them, trains them again and exports them, with or without the node running.
//
// [Open] finds a node's configuration and data directory. While no node runs there, blocks are read from the store on the
// disk and questions are answered by a worker that is started for them; while one does, it is asked over HTTP, and a worker
// of one's own is started only for what a node does not serve: training again and exporting. Nothing of a node's data is
// changed, but for a store that was not closed cleanly: that one is repaired, as the node's next start would do it.
//
// A champion ([Champion]) is an accepted claim with its certificate (block and votes), or the best that the node has
// confirmed itself while nobody else has.
package champion
