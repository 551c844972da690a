package replica

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// Names of notes.
const (
	votePrefix     = "vote/"
	claimPrefix    = "claim/"
	recipePrefix   = "recipe/"
	championPrefix = "champion/"
)

// ChampionNote is the name of the note about an accepted claim: JSON with what it trains and gives, and as "metrics" what this node's own
// run of it has measured, where it made one. Others of the network have measured the same; the chain does not say it.
func ChampionNote(optimaeID string) string { return championPrefix + optimaeID }

func recipeNote(hash [32]byte) string { return recipePrefix + hex.EncodeToString(hash[:]) }

func voteNote(at draw) string {
	return votePrefix + hex.EncodeToString(at.commitment[:]) + "/" + hex.EncodeToString(at.block[:])
}

func claimNote(commitment application.ID) string {
	return claimPrefix + hex.EncodeToString(commitment[:])
}

// encodeVote is what the node has voted, and what its vote hides.
func encodeVote(r *run) []byte {
	o := canon.NewObject("domain", r.domain, "transaction", hex.EncodeToString(r.vote.Append(nil)))
	if f := r.finding; f != nil {
		o.Set("digest", hex.EncodeToString(f.Digest[:])).Set("performance", f.Performance)
		f.Sums.AppendTo(o)
	}
	return canon.Canonical(o)
}

// encodeProposal is what a commit hides, and the commit.
func encodeProposal(p *proposal) []byte {
	o := canon.NewObject("domain", p.domain, "proposal", p.number, "recipe", p.text, "nonce", p.nonce, "base", p.base,
		"transaction", hex.EncodeToString(p.commit.Append(nil)), "slot", p.since)
	if p.outcome != nil {
		o.Set("performance", p.outcome.Performance).Set("digest", p.outcome.Digest)
	}
	return canon.Canonical(o)
}

// restore takes up what an earlier life has voted and committed.
func (a *agent) restore(notes map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		var err error
		switch {
		case strings.HasPrefix(name, votePrefix):
			err = a.restoreVote(strings.TrimPrefix(name, votePrefix), notes[name])
		case strings.HasPrefix(name, claimPrefix):
			err = a.restoreProposal(notes[name])
		case strings.HasPrefix(name, recipePrefix):
			err = a.restoreRecipe(notes[name])
		case strings.HasPrefix(name, championPrefix):
			err = a.restoreChampion(strings.TrimPrefix(name, championPrefix), notes[name])
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w", errNote, name, err)
		}
	}
	return nil
}

// reading collects the members of a note.
type reading struct {
	o   *canon.Object
	err error
}

func (r *reading) text(key string) string {
	s, err := r.o.String(key)
	if r.err == nil {
		r.err = err
	}
	return s
}

func (r *reading) integer(key string) int64 {
	n, err := r.o.Int(key)
	if r.err == nil {
		r.err = err
	}
	return n
}

func (r *reading) number(key string) float64 {
	x, err := r.o.Float(key)
	if r.err == nil {
		r.err = err
	}
	return x
}

func (r *reading) bytes(key string) []byte {
	b, err := hex.DecodeString(r.text(key))
	if r.err == nil {
		r.err = err
	}
	return b
}

func (r *reading) sums() chain.Sums {
	sums, err := chain.SumsFromObject(r.o)
	if r.err == nil {
		r.err = err
	}
	return sums
}

func (r *reading) transaction() *application.Tx {
	data := r.bytes("transaction")
	if r.err != nil {
		return nil
	}
	tx, err := application.ParseTx(data)
	r.err = err
	return tx
}

func (a *agent) restoreVote(name string, data []byte) error {
	var at draw
	commitment, block, _ := strings.Cut(name, "/")
	c, err1 := hex.DecodeString(commitment)
	b, err2 := hex.DecodeString(block)
	if err1 != nil || err2 != nil || len(c) != len(at.commitment) || len(b) != len(at.block) {
		return errors.New("its name")
	}
	at = draw{application.ID(c), application.ID(b)}
	o, err := canon.ParseObject(data)
	if err != nil {
		return err
	}
	f := &reading{o: o}
	r := &run{domain: f.text("domain"), vote: f.transaction(), asked: true}
	if o.Has("digest") {
		r.finding = &optimae.Finding{Performance: f.number("performance"), Sums: f.sums()}
		copy(r.finding.Digest[:], f.bytes("digest"))
		if a.m.net.Rules().Domains[r.domain].Radius > 0 {
			r.unseal = &optimae.Unseal{Commitment: at.commitment, Draw: at.block, Performance: r.finding.Performance, Salt: a.salt(at)}
		}
	}
	if f.err == nil {
		a.runs[at] = r
		r.vote, f.err = a.m.renew(r.vote)
	}
	return f.err
}

// encodeRecipe is what a reveal has shown.
func encodeRecipe(r recipe) []byte {
	return canon.Canonical(canon.NewObject("recipe", r.text, "nonce", r.nonce, "height", r.height))
}

func (a *agent) restoreRecipe(data []byte) error {
	o, err := canon.ParseObject(data)
	if err != nil {
		return err
	}
	f := &reading{o: o}
	r := recipe{f.text("recipe"), f.text("nonce"), f.integer("height")}
	if f.err == nil {
		a.recipes[sha256.Sum256([]byte(r.text))] = r
	}
	return f.err
}

// encodeChampion is an accepted claim.
func encodeChampion(c *protocol.Champion) []byte {
	seeds := make([]any, len(c.Seeds))
	for i, s := range c.Seeds {
		seeds[i] = strconv.FormatUint(s, 10)
	}
	o := c.Sums.AppendTo(canon.NewObject("domain", c.Domain, "optimizer", c.OptimizerID, "parameters", c.Parameters, "seeds", seeds,
		"performance", c.Performance, "digest", c.Digest, "solo", c.Solo))
	if c.Metrics != nil {
		o.Set("metrics", c.Metrics)
	}
	return canon.Canonical(o)
}

func (a *agent) restoreChampion(id string, data []byte) error {
	o, err := canon.ParseObject(data)
	if err != nil {
		return err
	}
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != len(application.ID{}) {
		return errors.New("its name")
	}
	f := &reading{o: o}
	c := &protocol.Champion{Domain: f.text("domain"), OptimaeID: id, OptimizerID: f.text("optimizer"), Performance: f.number("performance"),
		Digest: f.text("digest"), Sums: f.sums(), Verified: true}
	c.Parameters, err = o.Object("parameters")
	solo, err2 := o.Bool("solo")
	metrics, err3 := o.ObjectOr("metrics", nil)
	seeds, err4 := o.List("seeds")
	for _, v := range seeds {
		text, _ := v.(string)
		seed, e := strconv.ParseUint(text, 10, 64)
		err4 = errors.Join(err4, e)
		c.Seeds = append(c.Seeds, seed)
	}
	if err := errors.Join(f.err, err, err2, err3, err4); err != nil {
		return err
	}
	c.Solo, c.Metrics = solo, metrics
	a.champions[application.ID(b)] = c
	a.crowned = append(a.crowned, application.ID(b))
	return nil
}

func (a *agent) restoreProposal(data []byte) error {
	o, err := canon.ParseObject(data)
	if err != nil {
		return err
	}
	f := &reading{o: o}
	p := &proposal{domain: f.text("domain"), number: f.integer("proposal"), text: f.text("recipe"), nonce: f.text("nonce"), base: f.text("base"),
		commit: f.transaction(), since: f.integer("slot")}
	if f.err != nil {
		return f.err
	}
	if p.parameters, err = canon.ParseObject([]byte(p.text)); err != nil {
		return err
	}
	if o.Has("performance") {
		p.outcome = &protocol.Outcome{Performance: f.number("performance"), Digest: f.text("digest")}
	}
	p.commitment = optimae.Commitment(p.text, p.nonce)
	p.commit, f.err = a.m.renew(p.commit)
	a.proposals[p.domain] = append(a.proposals[p.domain], p)
	return f.err
}
