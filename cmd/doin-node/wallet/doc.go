// Package wallet is "doin-node wallet": balances, transfers and the registration of an evaluator, over the HTTP of a running node,
// signed here by the node's own key.
//
// Money moves once whatever is killed. A transaction is written beside the key before a node hears of it, and goes from there when
// the command has told its end. A command that finds one of an earlier command finishes it first: the same transaction, with the
// same nonce, which a chain takes once. Asked for the same transfer, it takes it for the one that was meant, unless it is told that
// a second one is wanted. What a node has taken of its own key it keeps on its disk too (cmd/doin-node/node).
//
// Amounts are decimal DOIN in text and integers of base units inside (chain/ledger).
package wallet
