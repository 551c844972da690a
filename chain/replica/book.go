package replica

import (
	"encoding/hex"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/account"
	"doin.network/node/chain/application"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// book makes the chain that readers know out of what is final, and counts what became of claims.
type book struct {
	m       *Machine
	height  int64
	hash    string
	final   *application.State
	stored  int64 // height that is on the disk already
	entries []protocol.Entry
	counts  map[string]*counts
}

// counts are a domain's claims that are decided.
type counts struct{ accepted, rejected int64 }

func newBook(m *Machine, genesis *application.State) *book {
	b := &book{m: m, height: -1, final: genesis, counts: map[string]*counts{}}
	b.stored, _ = m.disk.Tip()
	b.put(chain.GenesisBlock(), nil, 0)
	return b
}

// put appends a block, unless it is on the disk.
func (b *book) put(block *chain.Block, receipts []byte, earned int64) {
	b.height, b.hash = block.Header.Index, block.Hash
	if b.height > b.stored {
		b.entries = append(b.entries, protocol.Entry{Block: block, Receipts: receipts, Earned: earned})
	}
}

// commit is what is to be stored now, nil for nothing.
func (b *book) commit() *protocol.Commit {
	if len(b.entries) == 0 {
		return nil
	}
	c := &protocol.Commit{Ancestor: b.entries[0].Block.Header.Index - 1, Entries: b.entries}
	b.entries, b.stored = nil, b.height
	return c
}

// add takes a final block with what it did.
func (b *book) add(w *application.Wire, id application.ID, r *application.Result) error {
	if r == nil || w.Height != b.height+1 {
		return fmt.Errorf("final block %d after %d", w.Height, b.height)
	}
	p := &projection{m: b.m, w: w, id: id, result: r, at: timestamp.FromMicro(b.m.net.Time(w.Slot))}
	block := &chain.Block{
		Header: chain.Header{Index: w.Height, PreviousHash: b.hash, Timestamp: p.at, GeneratorID: w.Leader.String(),
			Threshold: chain.MicroToFloat(r.Counted.Controller.Threshold)},
		Ext: &chain.Ext{StateRoot: w.Root.String()},
	}
	for _, tx := range w.Txs {
		p.transaction(tx)
	}
	for _, o := range r.Claims {
		b.count(o)
		b.m.agent.crown(r, o)
		p.outcome(o)
	}
	block.Transactions, block.Header.WeightedPerformanceSum = p.txs, chain.MicroToFloat(p.sum)
	block.Seal()
	receipts, earned := p.receipts()
	b.put(block, canon.Canonical(receipts), earned)
	b.final = r.State
	return nil
}

// count counts a decided claim.
func (b *book) count(o optimae.Outcome) {
	c := b.counts[o.Domain]
	if c == nil {
		c = &counts{}
		b.counts[o.Domain] = c
	}
	switch o.Result {
	case optimae.Accepted:
		c.accepted++
	case optimae.NotBetter, optimae.Refused, optimae.Duplicate, optimae.Unrevealed, optimae.Void, optimae.Overtaken:
		c.rejected++
	}
}

// tell says what answers questions from now on, where that has changed.
func (b *book) tell() { b.m.agent.tellChampions(b.final) }

// projection is one final block on its way into the chain that readers know.
type projection struct {
	m      *Machine
	w      *application.Wire
	id     application.ID
	result *application.Result
	at     timestamp.Time
	txs    []*chain.Tx
	sum    int64 // increments of settled claims, 10⁻⁶
	settle []any
}

func (p *projection) put(kind, domain, peer string, payload *canon.Object) {
	if len(p.txs) < chain.MaxBlockTxs {
		p.txs = append(p.txs, &chain.Tx{Type: kind, DomainID: domain, PeerID: peer, Payload: payload, Timestamp: p.at})
	}
}

// transaction shows what readers of the reference's formats know: money, and who comes and goes. Votes and openings show in the outcome.
func (p *projection) transaction(tx *application.Tx) {
	peer, err := application.P256{}.Peer(tx.Point[:])
	if err != nil {
		return
	}
	if tx.Kind == application.KindTransfer {
		if t, err := application.ParseTransfer(tx.Body); err == nil {
			p.put(chain.TxTransfer, "", peer, canon.NewObject("sender", peer, "recipient", t.To.String(), "amount", t.Amount, "fee", t.Fee, "nonce", t.Nonce))
		}
		return
	}
	body, err := (optimae.Tx{From: peer, Kind: tx.Kind, Body: tx.Body}).Parse()
	if err != nil {
		return
	}
	switch x := body.(type) {
	case *optimae.Commit:
		p.put(chain.TxOptimaeAnnounced, x.Domain, peer, canon.NewObject("optimae_id", hex.EncodeToString(x.Commitment[:]), "stamped", x.Stamped))
	case *optimae.Register:
		domains := make([]any, len(x.Domains))
		for i, d := range x.Domains {
			domains[i] = d
		}
		p.put(chain.TxEvaluatorRegistered, "", peer, canon.NewObject("public_key", hex.EncodeToString(tx.Point[:]), "domains", domains, "slot", x.Slot))
	case *optimae.Leave:
		p.put(chain.TxEvaluatorLeft, "", peer, canon.NewObject("slot", x.Slot))
	}
}

// outcome shows how a claim ended, in the form of the reference's records.
func (p *projection) outcome(o optimae.Outcome) {
	id := hex.EncodeToString(o.Commitment[:])
	switch o.Result {
	case optimae.Redrawn:
		return
	case optimae.Settled:
		p.sum += o.Increment
		p.settle = append(p.settle, canon.NewObject("optimae_id", id, "domain_id", o.Domain, "optimizer_id", o.Author, "increment", chain.MicroToFloat(o.Increment)))
		return
	case optimae.Accepted:
		p.put(chain.TxOptimaeAccepted, o.Domain, o.Author, p.accepted(id, o))
	default:
		p.put(chain.TxOptimaeRejected, o.Domain, o.Author, canon.NewObject("optimae_id", id, "reason", o.Result.String(),
			"verified_performance", o.Performance))
	}
}

// accepted is the record of a champion: what it trains, what was found, and by whom.
func (p *projection) accepted(id string, o optimae.Outcome) *canon.Object {
	c := optimae.Find(p.result.State.Draft(), o.Commitment)
	out := canon.NewObject("optimae_id", id, "reported_performance", o.Performance, "verified_performance", o.Performance, "solo", o.Solo)
	champion := p.m.agent.champions[o.Commitment]
	if c == nil || champion == nil {
		return out
	}
	seeds := make([]any, len(champion.Seeds))
	for i, s := range champion.Seeds {
		seeds[i] = fmt.Sprint(s)
	}
	votes := make([]any, len(c.Voters))
	for i, peer := range c.Voters {
		votes[i] = canon.NewObject("evaluator_id", peer, "digest", champion.Digest, "verified_performance", o.Performance)
	}
	out.Set("parameters", champion.Parameters).Set("nonce", p.m.agent.recipes[c.Recipe].nonce).Set("seeds", seeds).Set("digest", champion.Digest).Set("votes", votes)
	if c.HasBase {
		out.Set("base", hex.EncodeToString(c.BaseClaim[:]))
	}
	return c.Sums.AppendTo(out)
}

// receipts are what the block did to money, and where it stands in the certified chain.
func (p *projection) receipts() (o *canon.Object, earned int64) {
	var reward int64
	outputs := []any{}
	for _, x := range p.result.Paid {
		reward += x.Units
		if x.Peer == p.m.peer {
			earned += x.Units
		}
		outputs = append(outputs, canon.NewObject("recipient", x.Peer, "amount", x.Units, "reason", "reward"))
	}
	s := p.result.State
	book := account.Open(s.Draft(), s.Height, s.Slot)
	settled := p.settle
	if settled == nil {
		settled = []any{}
	}
	return canon.NewObject("certified_id", hex.EncodeToString(p.id[:]), "slot", p.w.Slot, "weighted_sum", chain.MicroToFloat(p.sum),
		"block_reward", reward, "fees", int64(0), "outputs", outputs, "transactions", []any{}, "settled", settled,
		"supply", book.Minted()-book.Burned()), earned
}

// money is an account between blocks.
func money(s *application.State, peer string) (balance, nonce int64) {
	id, err := account.ParseID(peer)
	if err != nil {
		return 0, 0
	}
	a := s.Account(id)
	return a.Balance, a.Nonce
}
