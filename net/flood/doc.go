// Package flood floods signed messages over POST /message, the JSON transport
// of the Python reference (its "flooding" mode).
//
// A body that arrives goes through one pipeline, cheapest refusal first:
//
//	score and rate of the calling address → size → JSON (finite numbers only) → form →
//	ttl in [1, 15] → time within ±Window → already seen? → signature →
//	score and rate of the author → mark as seen → handler → forward with ttl−1
//
// A message is marked as seen only after its signature was verified, so that a
// copy with a broken signature cannot shut out the true one, and is unmarked
// when the handler was too busy to take it, so that a repetition can succeed.
// What no honest node sends costs points (see net/peerscore): the calling address
// for what any look at the body shows, the author for what it has signed, never
// who merely carried it. Who has none left is refused for a while.
// Seen ids are kept for twice the window and a little, longer than a replayed
// message can be young enough to pass.
//
// Forwarding excludes the author and the peer the message came from by identity,
// not by address, so several nodes behind one address relay to each other. Each
// peer has a bounded queue and at most one send at a time: a slow peer delays
// and loses only what is meant for it.
//
// With a [Mesh] copies are its business: what it brings goes through the same pipeline, by [Flood.Deliver], in the one form
// that a signed message has there, so that nobody can make many messages of one.
//
// The three accepted bodies are the plain message, {"type": "message", "data":
// {…}} and {"type": "control", …}; the last is acknowledged and ignored, as in
// the reference. Deliberately absent: meshes and control messages (libp2p's
// pubsub is what offers them), the handshakes by component version.
package flood
