package supervised

import (
	"encoding/hex"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

// digest returns the digest of a claim, in hex; see the package's doc.
func (d *Domain) digest(members []member, m *model) string {
	var leaves [][32]byte
	for i := range members {
		for _, r := range members[i].folds {
			leaves = append(leaves, r.root)
		}
	}
	for i := range members {
		leaves = append(leaves, members[i].final.root)
	}
	leaves = append(leaves, d.resultLeaf(len(members), m))
	root := nn.MerkleRoot(leaves)
	return hex.EncodeToString(root[:])
}

// resultLeaf is the last leaf of a claim's digest.
func (d *Domain) resultLeaf(seeds int, m *model) (leaf [32]byte) {
	h := NewHasher("doin/" + d.spec.Plugin + "/claim/1\n")
	h.Words(seeds, d.spec.Folds)
	var weights []int
	if m.ensemble != nil {
		weights = m.ensemble.weights
	}
	h.Words(len(weights))
	h.Words(weights...)
	for _, list := range d.closed.folds {
		h.Words(len(list))
		for _, f := range list {
			c := f.Coefficients()
			h.Words(len(c))
			h.Doubles(c...)
		}
	}
	for _, part := range m.measures {
		h.Words(int(vec.CanonicalBits(part.Loss)))
		if d.spec.Counts {
			h.Words(part.Correct)
		}
	}
	h.Words(len(m.cases))
	for _, e := range m.cases {
		h.Words(int(e))
	}
	copy(leaf[:], h.Sum())
	return leaf
}
