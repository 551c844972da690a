// Package join is how a machine comes to a network: by its genesis file and its data files, fetched from one node of it.
//
// A [Client] asks a node for its genesis file and believes it when the node has proved, by a signature over a challenge, that it
// is of that very network: [Client.Offer]. Files are fetched by their hash, compressed, resumed where a connection broke, and
// checked: [Client.File].
//
// A network that is being made has a [Room] in place of its first node. It answers with a draft, the genesis file without
// evaluators, and takes signed requests of machines that want to stand in it; when there are as many as it waits for, the draft
// with them is the genesis file, and a node takes the room's place.
//
//	joiner                                    room                            node
//	GET /genesis  ─────────────────────────►  202 {"status", "have", "want", "genesis": the draft}
//	POST /join {peer_id, public_key, signature}  ►  200, or 400, 403, 409
//	GET /genesis, every second  ───────────►  202 …                  …  ►     200, the genesis file
//	GET /peers?challenge=…, /chain/status  ────────────────────────────────►  the proof, the same network id
//	GET /data/{sha256}  ───────────────────────────────────────────────────►  the bytes
//
// Answers are bounded in bytes and time. Whoever reaches a room while it waits takes a place, unless its [Invitation] names those who
// may.
package join
