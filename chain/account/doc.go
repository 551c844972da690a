// Package account is money and peers in the hashed state: what a record is in bytes, and when there is none.
//
//	Book      the records during one block: transfers, payments, burning; Close writes them and lets expire what is due
//	Account   balance and nonce
//	Peer      registration and reputation
//
// # Records
//
//	a · id 20          account   balance · nonce · due                                     numbers
//	p · id 20          peer      flags · registered · left · score · since · due · key     flags a byte, key 64 bytes or none
//	x · slot 8 · key   nothing: the record of that key expires when the slot has come
//	s                  supply    minted · burned
//
// A number is a varint of 1 to 9 bytes, the shortest there is, at most 2⁶³−1. One record has one form in bytes; others are refused.
//
// # What has no record
//
// An account with nothing on it has none, from the end of the block on. Its nonce is forgotten, and a transfer that it once signed must
// not be good again: so the nonces of an account that begins in block h begin behind NonceStep·h, and none made in a block h is above
// NonceStep·(h+1). What an earlier account of that id has signed is below.
//
// An account with less than Dust, which pays no fee and so can never leave by itself, expires DustSlots after the last block that changed
// it: its money is burned. At most MaxExpired records expire in a block; the others wait for the next one.
//
// A peer that was never registered nor put out has a record while it has a reputation. Reputation decays to 0, and in the slot in which
// it has, the record expires: nobody can tell the difference. Who was registered once keeps its record, which names the height that its
// next registration must name; who was put out keeps it for ever.
//
// Everything is an integer. Deliberately absent: who may do what, and why (chain/optimae).
package account
