// Package local runs a whole network on one machine: it makes identities and the
// genesis file, starts one real node process each on loopback, shows what they do
// and sums it up at the end. It is what "doin-node local" and "make run" are.
//
// Everything lies in one directory:
//
//	genesis.json        the network; its evaluators are all the nodes
//	node-0/node.json    a node's configuration, made from the one given
//	node-0/identity.json, chain/, experiment_stats.csv, olap.db
//	node-0/log.txt      what the process printed
//
// A directory that holds a network is continued: same keys, same genesis file.
//
// The nodes are child processes in process groups of their own. They are asked to
// stop (SIGTERM) and killed, by their process ids, if they have not after StopTime.
package local
