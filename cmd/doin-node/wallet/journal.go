package wallet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/internal/canon"
)

// journal is a folder beside a key: one file a transaction that a command has signed and not told the end of. Commands that run at
// the same time do not disturb each other.
type journal struct{ dir string }

// entry is a transaction of the journal.
type entry struct {
	tx      *chain.Tx
	network string
}

// maxEntryBytes bounds a file of the journal.
const maxEntryBytes = 64 << 10

func journalOf(identity string) journal {
	return journal{filepath.Join(filepath.Dir(identity), "wallet")}
}

func (j journal) path(id string) string { return filepath.Join(j.dir, id+".json") }

// begin writes a transaction down. It is on the disk when begin returns.
func (j journal) begin(e entry) error {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return err
	}
	return stack.WriteFile(j.path(e.tx.ID), canon.Default(canon.NewObject("network_id", e.network, "transaction", e.tx.Object())))
}

// end forgets a transaction.
func (j journal) end(id string) error {
	if err := os.Remove(j.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// unfinished returns the transactions of a key in a network, those of lower nonces first. What cannot be read is left alone.
func (j journal) unfinished(peer, network string) (out []entry, err error) {
	names, err := os.ReadDir(j.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, name := range names {
		id, ok := strings.CutSuffix(name.Name(), ".json")
		if !ok || !chain.IsHash(id) {
			continue
		}
		if e, ok := readEntry(j.path(id)); ok && e.tx.ID == id && e.tx.PeerID == peer && e.network == network {
			out = append(out, e)
		}
	}
	sortByNonce(out)
	return out, err
}

func readEntry(path string) (e entry, ok bool) {
	if st, err := os.Stat(path); err != nil || st.Size() > maxEntryBytes {
		return e, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return e, false
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return e, false
	}
	if e.network, err = o.String("network_id"); err != nil {
		return e, false
	}
	to, err := o.Object("transaction")
	if err != nil {
		return e, false
	}
	e.tx, err = chain.TxFromObject(to)
	return e, err == nil && e.tx.ValidateBasic() == nil
}

// nonce is a transfer's, 0 for the rest.
func (e entry) nonce() int64 {
	t, _ := consensus.Transfer(e.tx)
	return t.Nonce
}
