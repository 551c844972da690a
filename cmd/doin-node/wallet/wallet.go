package wallet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/cmd/doin-node/recovery"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Refusal is why something is not done, as a sentence.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// wallet is a key, the node that is asked, and what earlier commands have not finished.
type wallet struct {
	node    *node
	key     *identity.Key
	network string   // that signatures are for; "" until the node has said it
	signing string   // what stands in signatures of protocol 2: see package recovery
	last    *account // as the node said it last; nil before it has
	journal journal
	out     io.Writer // what is done
	now     func() time.Time
	every   time.Duration // between two looks while a transaction waits
}

func sortByNonce(list []entry) {
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.nonce(), b.nonce()) })
}

// own asks for the wallet's account. A node of another network than the configuration's is refused: nothing is signed for it.
func (w *wallet) own(ctx context.Context) (*account, error) {
	a, err := w.node.account(ctx, w.key.PeerID())
	if err != nil {
		return nil, err
	}
	if w.network != "" && a.network != w.network {
		return nil, refuse("the node at %s is of network %.12s, the configuration's is %.12s: nothing was signed", w.node.endpoint, a.network, w.network)
	}
	if w.network != "" && a.protocol == chain.Certified && a.signing != w.signing {
		return nil, refuse("the node at %s signs for %.12s, this machine for %.12s: the network was recovered, and %s of the data directory is another: nothing was signed",
			w.node.endpoint, a.signing, w.signing, recovery.Name)
	}
	w.network, w.signing, w.last = a.network, a.signing, a
	return a, nil
}

// order is a transfer that somebody wants. fee 0 means the node's base fee and half of it.
type order struct {
	to          string
	amount, fee int64
	second      bool // even if an unfinished one is the same
	wait        bool
}

func (o *order) check(self string) error {
	switch {
	case !identity.IsPeerID(o.to):
		return refuse("%.64q is no account: want the %d hex digits that doin-node key show prints as peer id", o.to, identity.PeerIDLen)
	case o.to == self:
		return refuse("%s is this key's own account: there is nothing to send", o.to)
	case o.amount <= 0:
		return refuse("the amount must be above 0")
	}
	return nil
}

// send transfers money. What an earlier command has left is finished first; if it is the same transfer, that is all.
func (w *wallet) send(ctx context.Context, o order) error {
	if err := o.check(w.key.PeerID()); err != nil {
		return err
	}
	same := func(e entry) bool {
		t, ok := consensus.Transfer(e.tx)
		return ok && !o.second && t.Recipient == o.to && t.Amount == o.amount
	}
	done, err := w.resume(ctx, same, o.wait)
	if done || err != nil {
		return err
	}
	a, err := w.own(ctx)
	if err != nil {
		return err
	}
	if o.fee == 0 {
		o.fee = a.baseFee + ledger.Tip(a.baseFee, "normal")
	}
	switch free := a.balance - a.locked; {
	case o.fee < a.baseFee:
		return refuse("the fee of %s DOIN is below the base fee, which is %s", ledger.FormatAmount(o.fee), ledger.FormatAmount(a.baseFee))
	case free < o.amount+o.fee: // both ≤ MaxSupply: no overflow
		return refuse("%s DOIN and a fee of %s are more than the %s that %s can spend (balance %s, of which %s waits to be spent)",
			ledger.FormatAmount(o.amount), ledger.FormatAmount(o.fee), ledger.FormatAmount(max(0, free)), w.key.PeerID(),
			ledger.FormatAmount(a.balance), ledger.FormatAmount(a.locked))
	}
	t := ledger.Transfer{Sender: w.key.PeerID(), Recipient: o.to, Amount: o.amount, Fee: o.fee, Nonce: a.next}
	return w.submit(ctx, consensus.TxTransfer, consensus.TransferPayload(t), o.wait)
}

// register makes the key an evaluator.
func (w *wallet) register(ctx context.Context, wait bool) error {
	done, err := w.resume(ctx, func(e entry) bool { return e.tx.Type == consensus.TxRegistered }, wait)
	if done || err != nil {
		return err
	}
	a, err := w.own(ctx)
	if err != nil {
		return err
	}
	switch {
	case a.registered:
		_, err := fmt.Fprintf(w.out, "%s is an evaluator already; nothing was sent\n", w.key.PeerID())
		return err
	case a.balance-a.locked < a.stake:
		verb := "burns"
		if a.protocol == chain.Certified {
			verb = "locks"
		}
		return refuse("a registration %s %s DOIN and %s can spend %s: claims of its node that are accepted earn them, or let somebody send them (doin-node wallet send %s AMOUNT)",
			verb, ledger.FormatAmount(a.stake), w.key.PeerID(), ledger.FormatAmount(max(0, a.balance-a.locked)), w.key.PeerID())
	}
	return w.submit(ctx, consensus.TxRegistered, consensus.RegistrationPayload(a.left), wait)
}

// unregister ends the key's registration. The node's next votes are asked for no more.
func (w *wallet) unregister(ctx context.Context, wait bool) error {
	done, err := w.resume(ctx, func(e entry) bool { return e.tx.Type == consensus.TxLeft }, wait)
	if done || err != nil {
		return err
	}
	a, err := w.own(ctx)
	if err != nil {
		return err
	}
	if !a.registered {
		_, err := fmt.Fprintf(w.out, "%s is no evaluator; nothing was sent\n", w.key.PeerID())
		return err
	}
	return w.submit(ctx, consensus.TxLeft, consensus.LeavePayload(a.since), wait)
}

// submit signs a transaction that is of no domain, writes it down, and offers it.
func (w *wallet) submit(ctx context.Context, kind string, payload *canon.Object, wait bool) error {
	return w.submitOf(ctx, kind, "", payload, wait)
}

// submitOf is submit for a transaction of a domain.
func (w *wallet) submitOf(ctx context.Context, kind, domain string, payload *canon.Object, wait bool) error {
	tx := &chain.Tx{Type: kind, DomainID: domain, PeerID: w.key.PeerID(), Payload: payload, Timestamp: timestamp.FromMicro(w.now().UnixMicro())}
	if w.last != nil && w.last.protocol == chain.Certified {
		if err := w.certify(tx, w.last); err != nil {
			return err
		}
	}
	if err := chain.SignTx(tx, w.key, w.network); err != nil {
		return err
	}
	e := entry{tx, w.network}
	if err := w.journal.begin(e); err != nil {
		return fmt.Errorf("nothing was sent: %w", err)
	}
	return w.finish(ctx, e, "sent", wait)
}

// resume finishes what earlier commands have begun. done means that one of them is what is wanted now.
func (w *wallet) resume(ctx context.Context, same func(entry) bool, wait bool) (done bool, err error) {
	a, err := w.own(ctx)
	if err != nil {
		return false, err
	}
	list, err := w.journal.unfinished(w.key.PeerID(), w.network)
	if err != nil {
		return false, err
	}
	for _, e := range list {
		is := !done && same(e)
		verb := "an earlier command, which did not end, has begun this"
		if is {
			verb = "an earlier command, which did not end, has begun the same; it is not sent twice"
		}
		if e.nonce() > 0 && e.nonce() <= a.nonce {
			p, err := w.node.find(ctx, e.tx.ID)
			if err != nil {
				return false, err
			}
			if !p.known { // too long ago to be looked up
				fmt.Fprintf(w.out, "%s: %s, and its nonce %d has been spent since\n", verb, describe(e.tx), e.nonce())
				if err := w.journal.end(e.tx.ID); err != nil {
					return false, err
				}
				done = done || is
				continue
			}
		}
		switch err := w.finish(ctx, e, verb, wait && is); {
		case err == nil:
			done = done || is
		case !isRefusal(err):
			return false, err
		default:
			fmt.Fprintf(w.out, "%s: %s, and it was not sent: %v\n", verb, describe(e.tx), err)
		}
	}
	return done, nil
}

func isRefusal(err error) bool {
	var r *Refusal
	return errors.As(err, &r)
}

// finish offers a transaction that is in the journal, says so, waits if it is to, and forgets it. Where it cannot be known whether
// the node has taken it, it stays in the journal.
func (w *wallet) finish(ctx context.Context, e entry, verb string, wait bool) error {
	p, err := w.node.post(ctx, e.tx)
	if isRefusal(err) {
		return errors.Join(err, w.journal.end(e.tx.ID))
	}
	if err != nil {
		return fmt.Errorf("it is not known whether the node has taken %s: the same command again goes on with it and sends nothing twice: %w", describe(e.tx), err)
	}
	where := "it waits for a block"
	if p.included {
		where = fmt.Sprintf("it is in block %d", p.height)
	}
	if _, err := fmt.Fprintf(w.out, "%s: %s; %s\n", verb, describe(e.tx), where); err != nil {
		return err
	}
	if wait && !p.included {
		if p, err = w.await(ctx, e); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w.out, "in block %d\n", p.height); err != nil {
			return err
		}
	}
	return w.journal.end(e.tx.ID)
}

// await waits until a transaction is in a block. A node that does not answer for a while is waited for; one that has lost the
// transaction is offered it again.
func (w *wallet) await(ctx context.Context, e entry) (place, error) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return place{}, fmt.Errorf("%s still waits for a block; the same command again goes on waiting", describe(e.tx))
		case <-tick.C:
		}
		p, err := w.node.find(ctx, e.tx.ID)
		if err == nil && !p.known {
			p, err = w.node.post(ctx, e.tx)
		}
		switch {
		case isRefusal(err):
			return place{}, err // it stays in the journal: another branch may take it
		case err == nil && p.included:
			return p, nil
		}
	}
}

// describe names a transaction.
func describe(tx *chain.Tx) string {
	if t, ok := consensus.Transfer(tx); ok {
		return fmt.Sprintf("transfer of %s DOIN to %s (fee %s, nonce %d, transaction %s)",
			ledger.FormatAmount(t.Amount), t.Recipient, ledger.FormatAmount(t.Fee), t.Nonce, tx.ID)
	}
	return fmt.Sprintf("%s of %s (transaction %s)", strings.ReplaceAll(tx.Type, "_", " "), tx.PeerID, tx.ID)
}

// show prints an account.
func show(out io.Writer, id string, a *account) error {
	lines := [][2]string{
		{"account", id},
		{"balance", ledger.FormatAmount(a.balance) + " DOIN"},
		{"locked", ledger.FormatAmount(a.locked) + " DOIN, which transactions that wait for a block will spend"},
		{"waiting", fmt.Sprintf("%d transactions", a.waiting)},
		{"transfers", fmt.Sprint(a.nonce)},
		{"reputation", fmt.Sprint(a.reputation)},
	}
	standing := "yes"
	switch {
	case a.registered && !a.eligible:
		standing = "registered, but in no quorum: " + a.reason
	case !a.eligible:
		standing = "no: " + a.reason
	}
	lines = append(lines, [2]string{"evaluator", standing})
	if a.remedy != "" {
		lines = append(lines, [2]string{"remedy", a.remedy})
	}
	lines = append(lines, [2]string{"at height", fmt.Sprint(a.height)}, [2]string{"network", a.network})
	for _, l := range lines {
		if _, err := fmt.Fprintf(out, "%-11s %s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}
