package application

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
	"doin.network/node/internal/timestamp"
)

// shared is a genesis file of protocol 2 as nodes have it.
func shared(t *testing.T) (*chain.Genesis, *identity.Key) {
	t.Helper()
	k, err := identity.FromSeed("shared")
	if err != nil {
		t.Fatal(err)
	}
	g := &chain.Genesis{Protocol: chain.Certified, Format: chain.CertifiedFormat, Parameters: chain.DefaultParameters(),
		Domains:    []chain.Domain{chain.DefaultDomain("z"), chain.DefaultDomain("a")},
		Evaluators: []chain.Evaluator{{PeerID: k.PeerID(), PublicKey: k.PublicKey()}},
		Grants:     []chain.Grant{{PeerID: k.PeerID(), Amount: "2.5"}}}
	g.Parameters.StartTime = timestamp.FromMicro(1_700_000_000_000_000)
	g.Domains[0].Agreement, g.Domains[0].PerformanceScale = agreement.Agreement{Within: ratio.Ratio{Num: 1, Den: 1000}}, 8
	return g, k
}

func TestOf(t *testing.T) {
	file, k := shared(t)
	g, err := ParseGenesis(canon.Default(file.Object()))
	if err != nil {
		t.Fatal(err)
	}
	if g.NetworkID() != file.NetworkID() {
		t.Error("another network than the file's")
	}
	if g.Slot != 2_000_000 || g.Start != 1_700_000_000_000_000 || g.TargetTime != 600_000_000 || g.StampBits != 20 || g.Tolerance != 50_000 {
		t.Errorf("parameters %+v", g)
	}
	if d := g.Domains[0]; d.ID != "z" || d.Radius != 0.008 || d.Possible != consensus.Micro || d.VerifyWindow != 300 || d.NoiseZ2 != 4 || !d.Synthetic {
		t.Errorf("domain %+v", d)
	}
	if g.Domains[1].Radius != 0 {
		t.Error("an exact domain has a radius")
	}
	if b := g.Balances[0]; b.Peer != k.PeerID() || b.Units != 5*ledger.Unit/2 {
		t.Errorf("balance %+v", b)
	}
	n := NewNetwork(g, P256{})
	if n.ID() != file.NetworkID() {
		t.Error("its machine is of another network")
	}
	_, s, err := n.Genesis()
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Electorate()
	if err != nil || e.Len() != 1 || !e.Has(k.PeerID()) {
		t.Errorf("electorate %v, %v", e, err)
	}
	point, _ := hex.DecodeString(g.Evaluators[0].Key)
	if peer, err := (P256{}).Peer(point); err != nil || peer != k.PeerID() {
		t.Errorf("the evaluator is %s, %v", peer, err)
	}
}

func TestOfRefuses(t *testing.T) {
	for name, change := range map[string]func(*chain.Genesis){
		"protocol":      func(g *chain.Genesis) { g.Protocol, g.Format = chain.Protocol, chain.Format },
		"noise_z2":      func(g *chain.Genesis) { g.Domains[1].NoiseZ2 = ratio.Ratio{Num: 9, Den: 4} },
		"grant":         func(g *chain.Genesis) { g.Grants[0].Amount = "much" },
		"evaluators":    func(g *chain.Genesis) { g.Evaluators = nil },
		"min_increment": func(g *chain.Genesis) { g.Domains[1].MinIncrement = 2 },
	} {
		file, _ := shared(t)
		change(file)
		_, err := Of(file)
		if !errors.Is(err, ErrGenesis) {
			t.Errorf("%s: %v, want ErrGenesis", name, err)
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the reason is %q", name, err)
		}
	}
}
