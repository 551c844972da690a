package champion

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// certified reads a champion out of an acceptance of a certified chain: the node has made the record of what it has verified, and its
// votes are those that agreed.
func (s *Source) certified(ctx context.Context, b *chain.Block, tx *chain.Tx) (Champion, error) {
	r := &record{o: tx.Payload}
	c := Champion{Domain: tx.DomainID, ID: r.text("optimae_id"), Author: tx.PeerID, Performance: r.number("verified_performance"),
		Digest: r.text("digest"), Verified: true, Agreement: s.agreement(tx.DomainID)}
	c.Parameters = take(r, r.o.Object, "parameters")
	c.Solo = take(r, r.o.Bool, "solo")
	c.Seeds = r.seeds()
	sums, err := chain.SumsFromObject(tx.Payload)
	r.err = errors.Join(r.err, err)
	c.Certificate = &Certificate{Sums: sums, Height: b.Header.Index, Block: b.Hash, Time: b.Header.Timestamp, Nonce: r.text("nonce"), Votes: r.votes()}
	if r.o.Has("base") {
		c.Certificate.Base = r.text("base")
	}
	if r.err != nil {
		return c, fmt.Errorf("acceptance: %w", r.err)
	}
	if got := chain.Commitment(c.Parameters, c.Certificate.Nonce); got != c.ID {
		return c, fmt.Errorf("acceptance: optimae id %.12s is not the commitment %.12s", c.ID, got)
	}
	c.Metrics, err = s.blocks.metrics(ctx, c.ID)
	return c, err
}

// record reads members and keeps the first error.
type record struct {
	o   *canon.Object
	err error
}

func take[T any](r *record, get func(string) (T, error), key string) T {
	v, err := get(key)
	if r.err == nil {
		r.err = err
	}
	return v
}

func (r *record) text(key string) string    { return take(r, r.o.String, key) }
func (r *record) number(key string) float64 { return take(r, r.o.Float, key) }

func (r *record) seeds() (out []uint64) {
	for _, v := range take(r, r.o.List, "seeds") {
		text, _ := v.(string)
		seed, err := strconv.ParseUint(text, 10, 64)
		if r.err == nil {
			r.err = err
		}
		out = append(out, seed)
	}
	return out
}

func (r *record) votes() (out []*chain.Vote) {
	for _, v := range take(r, r.o.List, "votes") {
		o, err := canon.AsObject(v)
		if err != nil {
			r.err = errors.Join(r.err, err)
			return nil
		}
		one := &record{o: o}
		out = append(out, &chain.Vote{EvaluatorID: one.text("evaluator_id"), Digest: one.text("digest"), VerifiedPerformance: one.number("verified_performance")})
		r.err = errors.Join(r.err, one.err)
	}
	return out
}
