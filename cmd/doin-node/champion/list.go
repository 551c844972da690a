package champion

import (
	"fmt"
	"io"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/cmd/doin-node/score"
	"doin.network/node/internal/canon"
)

// Object is the champion as JSON: everything that it takes to train it again and to believe it.
func (c *Champion) Object() *canon.Object {
	seeds := make([]any, len(c.Seeds))
	for i, s := range c.Seeds {
		seeds[i] = s
	}
	o := canon.NewObject("domain", c.Domain, "optimae_id", c.ID, "optimizer_id", c.Author, "current", c.Current, "verified", c.Verified,
		"solo", c.Solo, "performance", c.Performance, "digest", c.Digest)
	if !c.Agreement.Exact() {
		o.Set("approximate", true).Set("agreement", c.Agreement.Value())
	}
	if kind, own, others := score.Read(c.Metrics, c.Metrics); own != nil {
		baselines := canon.NewObject()
		for _, b := range others {
			baselines.Set(b.Name, canon.NewObject("validation", b.Validation, "test", b.Test))
		}
		o.Set("error", kind).Set("validation", own.Validation).Set("test", own.Test).Set("baselines", baselines)
	}
	o.Set("recipe", c.Parameters).Set("seeds", seeds).Set("metrics", c.Metrics)
	if k := c.Certificate; k != nil {
		o.Set("certificate", k.Object())
	}
	return o
}

// Object is the certificate as JSON.
func (k *Certificate) Object() *canon.Object {
	votes := make([]any, len(k.Votes))
	for i, v := range k.Votes {
		votes[i] = v.Object()
	}
	o := canon.NewObject("block", k.Block, "height", k.Height, "time", k.Time.Wire(), "anchor", k.Anchor, "base", k.Base, "nonce", k.Nonce)
	return k.Sums.AppendTo(o).Set("votes", votes)
}

// WriteJSON writes champions as one JSON object.
func WriteJSON(w io.Writer, g *chain.Genesis, list []Champion) error {
	all := make([]any, len(list))
	for i := range list {
		all[i] = list[i].Object()
	}
	_, err := w.Write(append(canon.AppendIndent(nil, canon.NewObject("network_id", g.NetworkID(), "champions", all)), '\n'))
	return err
}

// WriteText writes champions for people to read, a paragraph each.
func WriteText(w io.Writer, list []Champion) error {
	var b strings.Builder
	for i := range list {
		c := &list[i]
		fmt.Fprintf(&b, "%s  %.12s  %s\n", c.Domain, c.ID, c.standing())
		fmt.Fprintf(&b, "  performance %s", score.Figure(c.Performance))
		if kind, own, others := score.Read(c.Metrics, c.Metrics); own != nil {
			fmt.Fprintf(&b, "; validation (test) %s: %v", kind, own)
			for _, o := range others {
				fmt.Fprintf(&b, ", %s %v", o.Name, o)
			}
		}
		fmt.Fprintf(&b, "\n  recipe %s\n", genes(c.Parameters))
		by := "an unknown node"
		if c.Author != "" {
			by = fmt.Sprintf("%.12s", c.Author)
		}
		fmt.Fprintf(&b, "  by %s", by)
		if k := c.Certificate; k != nil {
			fmt.Fprintf(&b, ", %s, block %d", k.Time.Wire(), k.Height)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// standing is what a champion may be taken for.
func (c *Champion) standing() string {
	var parts []string
	if c.Current {
		parts = append(parts, "champion")
	} else {
		parts = append(parts, "replaced")
	}
	switch {
	case c.Solo:
		parts = append(parts, "verified by its author alone")
	case c.Verified:
		parts = append(parts, c.votes())
	default:
		parts = append(parts, "not verified by others")
	}
	return strings.Join(parts, ", ")
}

// votes says how many of a champion's votes reproduce it, and how.
func (c *Champion) votes() string {
	agreed, how := 0, "trained the same bits"
	if !c.Agreement.Exact() {
		how = "agree " + c.Agreement.String()
	}
	for _, v := range c.Certificate.Votes {
		same := v.Digest == c.Digest
		if !c.Agreement.Exact() {
			same = v.Digest != consensus.RefusedDigest && c.Agreement.Same(v.VerifiedPerformance, c.Performance)
		}
		if same {
			agreed++
		}
	}
	return fmt.Sprintf("verified: %d of %d votes %s", agreed, len(c.Certificate.Votes), how)
}

// genes is a recipe in words: its genome, or all of it where it has none.
func genes(parameters *canon.Object) string {
	o, err := parameters.ObjectOr("genome", parameters)
	if err != nil {
		o = parameters
	}
	var out []string
	for key, v := range o.All() {
		text := strings.Trim(string(canon.Default(v)), `"`)
		if f, ok := v.(float64); ok {
			text = score.Figure(f)
		}
		out = append(out, key+"="+text)
	}
	return strings.Join(out, " ")
}
