// Package discovery finds peers and keeps the table of them.
//
// An endpoint is a rumour until the node behind it proves its key: the table
// asks it GET /peers?challenge=<32 hex> and the answer's "self" must carry a
// peer id, the public key it is the hash of, the same network id and a signature
// over the challenge (kind "challenge"). Only then is the peer [Peer.Verified],
// listed by [Table.Connected], sent messages and named to others. The proof is
// asked for again at every exchange.
//
// Endpoints come from three places: the configured bootstrap list, the lists of
// verified peers (peer exchange), and nodes that call us and name their own port
// in a signed message ([Table.Learn]), which are dialled back at the address
// they called from, loopback included. With one bootstrap entry all nodes find
// each other. Nothing is ever scanned.
//
// What the reference does instead, and why not: it learns any endpoint from any
// message without asking the node behind it, contacts whatever a peer names,
// never forgets a peer, and skips loopback. Here every source is bounded, per
// host too; a peer on a public address cannot make us dial private ones; failed
// dials back off, min(2^f, 300) s, and end in removal.
package discovery
