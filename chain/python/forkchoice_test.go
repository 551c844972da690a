package python

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorForkChoice(t *testing.T, c golden.Case) {
	switch c.Kind {
	case "compare":
		a, b := score(obj(c.Inputs, "a")), score(obj(c.Inputs, "b"))
		same(t, "outcome", canon.NewObject("a_less_than_b", a.Less(b), "b_less_than_a", b.Less(a), "best_tip", Best(a, b).Tip), c.Expected)
	case "score":
		var finalized *Checkpoint
		if hash := val(c.Inputs, "finalized_hash"); hash != nil {
			finalized = &Checkpoint{Height: whole(c.Inputs, "finalized_height"), Hash: must(canon.AsString(hash))}
		}
		var blocks []*chain.Block
		for _, v := range objects(c.Inputs, "blocks") {
			blocks = append(blocks, &chain.Block{
				Header: chain.Header{Index: whole(v, "height")}, Hash: str(v, "hash"), Transactions: looseTxs(v),
			})
		}
		s := ScoreChain(str(c.Inputs, "tip_hash"), whole(c.Inputs, "height"), blocks, finalized)
		same(t, "score", canon.NewObject("cumulative_increment", s.Increment,
			"optimae_accepted_count", s.Accepted, "is_checkpoint_consistent", s.Consistent), c.Expected)
	default:
		t.Fatalf("unknown kind %q", c.Kind)
	}
}

func score(o *canon.Object) Score {
	return Score{
		Tip: str(o, "tip_hash"), Height: whole(o, "height"), Increment: num(o, "cumulative_increment"),
		Accepted: whole(o, "optimae_accepted_count"), Consistent: flag(o, "is_checkpoint_consistent"),
	}
}
