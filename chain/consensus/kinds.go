package consensus

import (
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
)

// kind is one type of transaction: a row of the table from which everything about it is read.
type kind struct {
	name string
	// parse reads the payload and checks what needs no state, with verify the signatures in it too; the transaction's own form
	// and signature are checked before.
	parse func(tx *chain.Tx, network string, verify bool) (any, error)
	// apply changes the block by what parse returned, and nothing if it returns an error.
	apply func(b *block, tx *chain.Tx, parsed any, r *Receipt) error
	// key names what a transaction decides, fee what it pays its block; neither needs the payload to be valid.
	key func(tx *chain.Tx) string
	fee func(tx *chain.Tx) int64
}

// kinds is the table: what has a place in the strict chain. The rest of chain's types belong to Python nodes.
var kinds = [...]kind{
	row(TxAccepted, parseAcceptance, (*block).accept, optimaeOf, class(ledger.MaxSupply+2)),
	row(TxRejected, parseRejection, (*block).reject, optimaeOf, class(ledger.MaxSupply+1)),
	row(TxTask, parseTask, (*block).task, taskOf, class(0)),
	row(TxTransfer, parseTransfer, (*block).transfer, transferOf, transferFee),
	row(TxRegistered, parseRegistration, (*block).register, peerOf, class(ledger.MaxSupply)),
	row(TxLeft, parseLeave, (*block).leave, leaverOf, class(ledger.MaxSupply)),
	row(TxAdded, parseAddition, (*block).addDomain, additionOf, class(ledger.MaxSupply)),
	row(TxClosed, parseClosing, (*block).closeDomain, closingOf, class(ledger.MaxSupply)),
}

// row hides the type that a kind's parse hands to its apply.
func row[T any](name string, parse func(*chain.Tx, string, bool) (T, error), apply func(*block, *chain.Tx, T, *Receipt) error,
	key func(*chain.Tx) string, fee func(*chain.Tx) int64) kind {
	return kind{name: name, key: key, fee: fee,
		parse: func(tx *chain.Tx, network string, verify bool) (any, error) { return parse(tx, network, verify) },
		apply: func(b *block, tx *chain.Tx, parsed any, r *Receipt) error { return apply(b, tx, parsed.(T), r) },
	}
}

func kindOf(name string) (*kind, bool) {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i], true
		}
	}
	return nil, false
}

// Types returns the transaction types that have a place in the strict chain.
func Types() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].name
	}
	return names
}

// Key names what a transaction decides, so that one optimae or nonce cannot wait twice in a pool. It is the same for two
// transactions of which a chain can hold only one.
func Key(tx *chain.Tx) string {
	if k, ok := kindOf(tx.Type); ok {
		return k.key(tx)
	}
	return "tx:" + tx.ID
}

// OptimaeKey is the Key of what accepts or rejects an optimae.
func OptimaeKey(id string) string { return "optimae:" + id }

// Optimae returns the optimae that a transaction accepts or rejects, "" if it does neither, whatever its payload names beside.
func Optimae(tx *chain.Tx) string {
	if tx.Type != TxAccepted && tx.Type != TxRejected {
		return ""
	}
	id, _ := tx.Payload.StringOr("optimae_id", "")
	return id
}

// Fee returns what orders a transaction in a pool: a transfer's own fee in base units, and for the rest, which pays nothing,
// where it stands. Acceptances, without which there is no block, come first, then rejections and registrations, all before
// what any transfer can pay; a served inference comes after every transfer.
func Fee(tx *chain.Tx) int64 {
	if k, ok := kindOf(tx.Type); ok {
		return k.fee(tx)
	}
	return 0
}

func optimaeOf(tx *chain.Tx) string {
	return OptimaeKey(Optimae(tx))
}

func taskOf(tx *chain.Tx) string {
	id, _ := tx.Payload.StringOr("task_id", "")
	return "task:" + id
}

func peerOf(tx *chain.Tx) string { return "register:" + tx.PeerID }

func leaverOf(tx *chain.Tx) string { return "leave:" + tx.PeerID }

func transferOf(tx *chain.Tx) string {
	nonce, _ := tx.Payload.IntOr("nonce", 0)
	return transferKey(tx.PeerID, nonce)
}

func transferKey(sender string, nonce int64) string {
	return "transfer:" + sender + ":" + strconv.FormatInt(nonce, 10)
}

// class is the fee of a kind that pays nothing.
func class(place int64) func(*chain.Tx) int64 {
	return func(*chain.Tx) int64 { return place }
}

func transferFee(tx *chain.Tx) int64 {
	fee, _ := tx.Payload.IntOr("fee", 0)
	return min(fee, ledger.MaxSupply-1)
}
