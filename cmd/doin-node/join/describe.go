package join

import (
	"fmt"
	"strings"

	"doin.network/node/net/join"
)

// leaves is what others get of a machine that is in a network, in one sentence.
const leaves = "What leaves this machine: its address and public key, the recipes, scores and timings of its searches and votes, and, " +
	"to machines that ask with its hash, the data files named above; no other file is ever read for others."

// Describe is a network as it is shown before it is joined. What strangers wrote in it is quoted.
func Describe(host string, o join.Offer, dir string) string {
	var b strings.Builder
	g := o.Genesis
	if o.Draft {
		fmt.Fprintf(&b, "%s is making a network: %d of %d evaluators have come. Its draft is %s\n", host, o.Have, o.Want, g.NetworkID())
	} else {
		fmt.Fprintf(&b, "%s is of network %s\n", host, g.NetworkID())
		fmt.Fprintf(&b, "made %s, %s at its beginning; a machine that joins now searches and reads along, and is no evaluator yet\n",
			g.Parameters.StartTime.Wire(), plural(len(g.Evaluators), "evaluator"))
	}
	if name := g.Parameters.Name; name != "" {
		fmt.Fprintf(&b, "name      %.64q\n", name)
	}
	for i := range g.Domains {
		d := &g.Domains[i]
		fmt.Fprintf(&b, "domain    %.64q: plugin %.64q, %d seeds a claim", d.ID, d.Plugin, d.Seeds)
		if why := Playable(d); why != "" {
			fmt.Fprintf(&b, "; it %s", why)
		}
		b.WriteByte('\n')
		for _, f := range d.Files {
			fmt.Fprintf(&b, "  file    %s, %d bytes, SHA-256 %s\n", f.Name, f.Size, f.SHA256)
		}
	}
	fmt.Fprintf(&b, "directory %s\n%s\n", dir, leaves)
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
