package application

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// golden compares a file of testdata with what it should be.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is another file; its first difference is at byte %d. Written by go test ./chain/application -run TestGolden -update", path, firstDifference(got, want))
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestGolden: what docs/protocol.md describes, in bytes, and a whole chain that a second implementation must verify.
func TestGolden(t *testing.T) {
	w := busy(t, 24)
	golden(t, "chain.doin2", w.export())
	golden(t, "vectors.txt", []byte(w.vectors()))
}

// vectors are the hashes, texts and encodings of the rules, one a line.
func (w *town) vectors() string {
	var out strings.Builder
	line := func(name string, v any) {
		if b, ok := v.([]byte); ok {
			v = fmt.Sprintf("%x", b)
		}
		fmt.Fprintf(&out, "%s = %v\n", name, v)
	}
	comment := func(text string) { fmt.Fprintf(&out, "\n# %s\n", text) }
	fmt.Fprintln(&out, "# Vectors of protocol 2, of the chain in chain.doin2. Bytes are in hex. Written by go test ./chain/application -run TestGolden -update")

	comment("the genesis file, and block 0")
	network := w.net.ID()
	_, genesis, err := w.net.Genesis()
	if err != nil {
		w.tb.Fatal(err)
	}
	line("network id", network)
	line("root after block 0", genesis.Root)
	line("id of block 0", genesis.ID[:])
	line("beacon of block 0", genesis.Beacon[:])
	for i, peer := range w.peers {
		line(fmt.Sprintf("evaluator %d", i), peer)
		line(fmt.Sprintf("key of evaluator %d", i), w.keys[peer].Point())
	}
	line("leaders of slots 1 to 6 on block 0", func() (list []string) {
		e, err := genesis.Electorate()
		if err != nil {
			w.tb.Fatal(err)
		}
		for slot := range int64(6) {
			list = append(list, e.Leader(genesis.Beacon, slot+1)[:8])
		}
		return list
	}())

	comment("a transaction")
	x := w.tx(1, KindTransfer, (&Transfer{id(w.tb, w.peers[2]), ledger.Unit, ledger.MinBaseFee, 1}).Encode())
	hash := x.ID(network)
	line("body of a transfer", x.Body)
	line("what is signed", x.message(network))
	line("id", hash[:])
	line("signature", x.Signature[:])
	line("encoding", x.Append(nil))

	comment("bodies of the other kinds")
	for _, b := range bodies() {
		tx := optimae.NewTx("", b)
		line(fmt.Sprintf("%d, %v", tx.Kind, tx.Kind), tx.Body)
	}

	comment("hashes of claims")
	rules := w.net.Rules()
	commitment := optimae.Commitment(`{"a": 1}`, w.peers[0]+" 7")
	line(`commitment of {"a": 1} with the nonce of evaluator 0 and " 7"`, commitment[:])
	finding := optimae.Finding{Digest: ID{1}, Performance: 0.5}
	vote := rules.VoteHash(commitment, ID{2}, w.peers[1], finding)
	line("vote of evaluator 1: draw 02 and zeros, digest 01 and zeros, performance 0.5, no cases", vote[:])
	seal := rules.SealHash(commitment, ID{2}, w.peers[1], 0.5, ID{3})
	line("sealed vote of evaluator 1: draw 02 and zeros, performance 0.5, salt 03 and zeros", seal[:])
	stamp := rules.StampHash(commitment, ID{4}, w.peers[1], 5)
	line("stamp of evaluator 1: block 04 and zeros, nonce 5", stamp[:])
	line("seed 0: beacon 06 and zeros", rules.Seed(commitment, ID{6}, 0))
	line("seed 3: beacon 06 and zeros", rules.Seed(commitment, ID{6}, 3))

	comment("block 1, which carries no certificate, and block 3")
	for _, h := range []int{1, 3} {
		b := w.wires[h]
		header := b.Header()
		inputs, parent := b.inputs(), ID(genesis.Beacon)
		if h > 1 {
			parent = w.wires[h-1].Beacon
		}
		name := fmt.Sprintf("block %d: ", h)
		line(name+"encoding", b.Append(nil))
		line(name+"rest", header.Rest[:])
		line(name+"inputs", inputs[:])
		line(name+"what its beacon is proved of", beaconMessage(network, parent))
		line(name+"what its leader and its certificate sign", blockMessage(network, b.Slot, header.ID()))
	}

	comment("every block: height, slot, id, root of the state after it, transactions")
	for _, b := range w.wires[1:] {
		block := b.Header().ID()
		fmt.Fprintf(&out, "%d %d %x %v %d\n", b.Height, b.Slot, block, b.Root, len(b.Txs))
	}

	comment("records of the state after the last block: key = value")
	d := w.state().Draft()
	for _, prefix := range []string{"a", "k", "m", "s", "o/g/", "o/d/", "o/p/", "o/u/", "electorate"} {
		d.Range([]byte(prefix), func(k, v []byte) bool {
			fmt.Fprintf(&out, "%x = %x\n", k, v)
			return true
		})
	}
	return out.String()
}

// bodies is one of each kind of package optimae.
func bodies() []optimae.Body {
	c, d, h := ID{1}, ID{2}, ID{3}
	return []optimae.Body{
		&optimae.Commit{Domain: "d", Commitment: c, Slot: 7},
		&optimae.Commit{Domain: "d", Commitment: c, Slot: 7, Stamped: true, Stamp: optimae.Stamp{Height: 8, Nonce: 9}},
		&optimae.Reveal{Commitment: c, Recipe: `{"a": 1}`, Nonce: "n"},
		&optimae.Vote{Commitment: c, Draw: d, Hash: h, Score: 0.5, Incumbent: 0.25},
		&optimae.Refuse{Commitment: c, Draw: d, Limit: "seconds"},
		&optimae.Abstain{Commitment: c, Draw: d},
		&optimae.Open{Commitment: c, Draw: d, Finding: optimae.Finding{Digest: h, Performance: -1.5}},
		&optimae.Register{Domains: []string{"d", "e"}, Slot: 7},
		&optimae.Leave{Slot: 7},
		&optimae.Return{Slot: 7},
		&optimae.Fill{Slot: 7},
		&optimae.TwoBlocks{Peer: "p", Slot: 7, First: c, Second: d, FirstSignature: "s", SecondSignature: "t"},
		&optimae.TwoVotes{Peer: "p", First: optimae.KindAbstain, FirstBody: "a", FirstSignature: "s", Second: optimae.KindVote, SecondBody: "b", SecondSignature: "t"},
		&optimae.Unseal{Commitment: c, Draw: d, Performance: 0.5, Salt: h},
		&optimae.Appeal{Commitment: c, Draw: d, Hash: h},
	}
}

// The vectors of a block by another way: its id and its hashes from its bytes alone, as docs/protocol.md describes them.
func TestBlockByHand(t *testing.T) {
	w := newTown(t, 4)
	w.idle(3)
	b := w.wires[2]
	data := b.Append(nil)
	const head = 32 + 8 + 8 + 32
	rest := sha256.Sum256(append([]byte("doin/2 rest\n"), data[head:len(data)-64]...))
	block := sha256.Sum256(append(append([]byte("doin/2 header\n"), data[:head]...), rest[:]...))
	if got := b.Header().ID(); got != block {
		t.Errorf("id %x, by hand %x", got, block)
	}
	inputs := sha256.Sum256(append(append([]byte("doin/2 inputs\n"), data[:48]...), rest[:]...))
	if got := b.inputs(); got != inputs {
		t.Errorf("inputs %x, by hand %x", got, inputs)
	}
	message := "doin/2\nblock\n" + w.net.ID() + "\n" + string(data[40:48]) + string(block[:])
	if err := (P256{}).Verify(w.keys[b.Leader.String()].Point(), []byte(message), b.Signature[:]); err != nil {
		t.Errorf("the leader's signature over slot and id: %v", err)
	}
	if _, err := account.ParseID(b.Leader.String()); err != nil {
		t.Error(err)
	}
	if c := b.Certificate; c == nil || len(c.Signers) != 4 || c.Block != streamlet.ID(b.Parent) {
		t.Errorf("certificate %+v", c)
	}
}
