// Package p2p carries a network's messages and requests over go-libp2p: encrypted and authenticated links over TCP and
// QUIC, GossipSub v1.1 with peer scores, streams for what is large. It is the only importer of libp2p.
//
//	n, err := p2p.New(cfg)          // listens
//	go n.Run(ctx)                   // keeps the links to bootstrap peers, and the mesh
//	err = n.Publish("blocks", body) // to everybody
//	conn, err := n.Dial(ctx, id)    // a stream to one peer
//
// # Identity
//
// A node's host has the node's own P-256 key, so the handshake of every link proves it. [Peer.ID] is our peer id, the hash
// of the key that the handshake showed: its Raw form is the SubjectPublicKeyInfo that our ids are made from. It is never read
// out of libp2p's id, which is a hash of another encoding, and has no key in it on this curve. The network is in the name
// of every protocol of ours; a peer that speaks none of them is never listed.
//
// # Messages
//
// What is published is a signed envelope, opaque here. One of at most [Config.MaxInline] bytes travels as it is; a longer
// one is announced by its hash and length, and each peer asks those that announced it for the body, within limits of
// bytes and time, before it announces it itself. A large body would else be sent to each of a mesh's peers several times over.
//
// The author's signature is in the envelope, so pubsub adds none (StrictNoSign), and the id of a message is a hash of
// all its bytes, the signature included: pubsub marks an id as seen before the message is judged, so that with an id that did
// not cover the signature a copy with a broken one would shut out the true one. The [Consumer] judges before anything is
// forwarded: [Reject] lowers the score of the peer it came from, [Ignore] only drops it, and [Later] drops
// this copy of it: the next is judged again, and forwarded then. It also keeps the memory of what
// was said, by an id that two envelopes of the same content share.
//
// # Scores
//
// Weights and thresholds are in score.go: time in the mesh counts a little, first deliveries more, a rejected message
// −100, many peers behind one public address cost, breaking the protocol costs; missing deliveries cost nothing, because
// topics are quiet. What the chain thinks of a peer is added, and what it failed to deliver of its own announcements.
//
// Sources: github.com/libp2p/specs, pubsub/gossipsub/gossipsub-v1.1.md; D. Vyzovitis, Y. Napora, D. McCormick, D. Dias,
// Y. Psaras, "GossipSub: Attack-Resilient Message Propagation in the Filecoin and ETH2.0 Networks", 2020.
//
// Deliberately absent: what a message means, which is the Consumer's, and what is asked over streams, which is an HTTP
// client's and server's.
package p2p
