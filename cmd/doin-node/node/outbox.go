package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

// maxOutbox bounds the transactions of this node that wait for a block: more than one author may have in a pool in the time that
// ten blocks take.
const maxOutbox = 200

// outbox is a file with the transactions that this node's own key has signed and its API has taken, until they are in a block. It is
// safe for concurrent use.
type outbox struct {
	path, network string

	mu  sync.Mutex
	txs []*chain.Tx
}

// openOutbox reads the file, if there is one. One of another network is as good as empty.
func openOutbox(path, network string) (*outbox, error) {
	o := &outbox{path: path, network: network}
	data, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return nil, err
	}
	file, err := canon.ParseObject(data)
	if err != nil {
		return nil, err
	}
	if of, err := file.String("network_id"); err != nil || of != network {
		return o, err
	}
	list, err := file.List("transactions")
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		to, err := canon.AsObject(v)
		if err != nil {
			return nil, err
		}
		tx, err := chain.TxFromObject(to)
		if err != nil {
			return nil, err
		}
		o.txs = append(o.txs, tx)
	}
	return o, nil
}

// put adds a transaction. It is on the disk when put returns. Those that are in a block of late go.
func (o *outbox) put(tx *chain.Tx, s *consensus.State) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(o.txs), func(have *chain.Tx) bool { return have.ID == tx.ID || spent(have, s) })
	if len(rest) >= maxOutbox {
		return fmt.Errorf("%w: %d transactions of this node wait for a block", api.ErrConflict, len(rest))
	}
	return o.write(append(rest, tx))
}

// drop forgets a transaction.
func (o *outbox) drop(id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(o.txs), func(have *chain.Tx) bool { return have.ID == id })
	if len(rest) == len(o.txs) {
		return nil
	}
	return o.write(rest)
}

func (o *outbox) write(txs []*chain.Tx) error {
	list := make([]any, len(txs))
	for i, tx := range txs {
		list[i] = tx.Object()
	}
	if err := stack.WriteFile(o.path, canon.Default(canon.NewObject("network_id", o.network, "transactions", list))); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	o.txs = txs
	return nil
}

// waiting returns the transactions, in the order in which they came.
func (o *outbox) waiting() []*chain.Tx {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.txs)
}

// spent reports whether the chain will not take a transaction any more, because it has it for good, or another one in its place.
func spent(tx *chain.Tx, s *consensus.State) bool {
	if r := s.IncludedIn(tx.ID); r != nil {
		return r.Height <= s.FinalizedHeight
	}
	if tx.Type == consensus.TxRegistered {
		return engine.StandingOf(s, tx.PeerID, false).Registered
	}
	t, ok := consensus.Transfer(tx)
	return ok && s.Ledger.Nonce(tx.PeerID) >= t.Nonce
}

// resendEvery is how often the outbox is looked at.
const resendEvery = 5 * time.Second

// resend offers what is in the outbox and neither in the chain nor in the pool, as after a start, and drops what is spent. It
// returns when ctx ends.
func (n *Node) resend(ctx context.Context) {
	tick := time.NewTicker(resendEvery)
	defer tick.Stop()
	told := map[string]bool{} // what was refused until now
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, tx := range n.outbox.waiting() {
			err := n.resendOne(ctx, tx)
			if err != nil && ctx.Err() == nil && !told[tx.ID] {
				n.log.Warn("a transaction of this node is not taken; it is offered again until it is, or another one has its place",
					"tx", tx.ID, "type", tx.Type, "err", err)
			}
			told[tx.ID] = err != nil
		}
	}
}

func (n *Node) resendOne(ctx context.Context, tx *chain.Tx) error {
	if spent(tx, n.loop.View().State) {
		return n.outbox.drop(tx.ID)
	}
	if _, err := (accountView{n}).Transaction(ctx, tx.ID); !errors.Is(err, api.ErrNotFound) {
		return err
	}
	payload, err := engine.Verify(tx, n.rules.Network)
	if err != nil {
		return errors.Join(err, n.outbox.drop(tx.ID))
	}
	return n.offer(ctx, tx, payload)
}
