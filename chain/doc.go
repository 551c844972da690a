// Package chain holds the objects of the DOIN chain, their JSON forms, ids and hashes, and the
// checks that need no state.
//
// # Formats
//
// Objects are those of the Python reference (doin-core) plus members that it ignores. Members
// in the order they are written; ours last and absent when empty:
//
//	transaction  id, tx_type, domain_id, peer_id, payload, timestamp | public_key, signature
//	header       index, previous_hash, timestamp, merkle_root, generator_id,
//	             weighted_performance_sum, threshold
//	block        header, transactions, hash | ext {public_key, state_root, signature}
//	message      msg_type, sender_id, timestamp, ttl, payload | public_key, signature
//	genesis file protocol, format, parameters, domains, evaluators | grants (ours: block 0 is the same everywhere)
//	vote (ours)  optimae_id, domain_id, evaluator_id, anchor, digest, verified_performance,
//	             synthetic_score, incumbent_score, synthetic_data_hash, public_key, signature
//
// public_key is the lower-case hex of a P-256 SubjectPublicKeyInfo and signature the lower-case hex
// of a DER signature; see package identity. Neither ids nor hashes cover them, so an object
// and its signed copy are the same object to a reference node.
//
// A genesis file names the rules (Protocol) and what they hash (Format); CheckFormat tells another program's networks from
// this one's. What a format changes is written in package consensus.
//
// # Ids and hashes
//
// Every id is the SHA-256, in lower-case hex, of the canonical JSON (package canon) of a
// stated set of members, timestamps in their iso rendering. The reference keeps ids that arrive
// and never recomputes a transaction's. XFromObject keeps them too, because a decoder must not
// change what it decodes; ValidateBasic recomputes each and refuses a difference.
//
// A commitment names the seeds of its claim's trainings (TrainingSeed): nobody chooses them.
//
// # Signatures
//
// What is signed, under the purpose and network of package identity:
//
//	transaction  its recomputed id, as text
//	message      canonical JSON of {msg_type, payload, sender_id, timestamp (iso)}, the payload
//	             without _sender_port, _component_versions, _plugin_configs, _forwarder_id
//	vote         canonical JSON of it without public_key and signature
//	block        hash ":" SHA-256 hex of the canonical JSON of ext without signature
//
// The signer must be the object's peer_id, sender_id, evaluator_id or generator_id. A message's
// ttl is not signed: relays count it down.
//
// Deliberately absent: anything that needs state (chain/consensus), the reference's looser rules
// (chain/python) and storage (chain/store).
package chain
