package application

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/streamlet"
	"doin.network/node/chain/vrf"
)

// reader trusts nothing.
var reader = Reader{Scheme: P256{}}

// export is the town's chain as a file.
func (w *town) export() []byte {
	w.tb.Helper()
	var out bytes.Buffer
	if err := Export(&out, w.text, slices.Values(w.wires[1:]), w.tree.Best().CertificateOf()); err != nil {
		w.tb.Fatal(err)
	}
	return out.Bytes()
}

// busy is a chain of n blocks and more with a claim and transfers.
func busy(tb testing.TB, n int64) *town {
	w := newTown(tb, 4)
	w.accept(0, 500)
	for nonce := int64(1); int64(len(w.wires)) <= n; nonce++ {
		w.idle(w.net.Interval())
		w.step(w.tx(1, KindTransfer, (&Transfer{id(tb, w.peers[2]), ledger.Unit / 1000, ledger.MinBaseFee, nonce}).Encode()))
	}
	return w
}

func TestArchive(t *testing.T) {
	w := busy(t, 20)
	data := w.export()
	var again []*Wire
	report, err := (&Reader{Scheme: P256{}, Take: func(b *Wire, r *Result) error {
		again = append(again, b)
		if r.State.ID != b.Header().ID() {
			t.Errorf("block %d comes with the state of another", b.Height)
		}
		return nil
	}}).Import(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	s := w.state()
	if report.Tip != hex.EncodeToString(s.ID[:]) || report.Height != s.Height || report.Final != s.Height-1 || report.Network != w.net.ID() {
		t.Errorf("%+v, want tip %v at %d", report, s.ID, s.Height)
	}
	book := account.Open(s.Draft(), 0, 0)
	if report.Minted != book.Minted() || report.Burned != book.Burned() || report.Transactions == 0 || !slices.Equal(report.Electorate, slices.Sorted(slices.Values(w.peers))) {
		t.Errorf("%+v, minted %d, burned %d", report, book.Minted(), book.Burned())
	}
	var out bytes.Buffer
	if err := Export(&out, w.text, slices.Values(again), w.tree.Best().CertificateOf()); err != nil || !bytes.Equal(out.Bytes(), data) {
		t.Errorf("exported again it is another file, %v", err)
	}
	for _, n := range []int{len(data) - 1, len(data) / 2, 3, 0} {
		if _, err := reader.Import(bytes.NewReader(data[:n])); !errors.Is(err, ErrArchive) && !errors.Is(err, ErrFormat) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := reader.Import(bytes.NewReader(append(bytes.Clone(data), 0))); !errors.Is(err, ErrArchive) {
		t.Errorf("with a byte more: %v", err)
	}
	stop := errors.New("stop")
	if _, err := (&Reader{Scheme: P256{}, Take: func(*Wire, *Result) error { return stop }}).Import(bytes.NewReader(data)); err != stop {
		t.Errorf("of who takes blocks: %v", err)
	}
}

// part is a range of an archive, and the errors of which an altered bit in it gives one.
type part struct {
	name   string
	height int64
	until  int // offset of its end
	want   []error
}

// parts says of each byte of the town's archive what it is.
func (w *town) parts() (all []part) {
	at := 0
	add := func(name string, height int64, size int, want ...error) {
		at += size
		all = append(all, part{name, height, at, want})
	}
	add("name", 0, len(archiveName), ErrArchive)
	add("length of genesis", 0, 4, ErrArchive, ErrGenesis)
	add("genesis", 0, len(w.text), ErrGenesis, ErrParent) // another network
	certificate := func(height int64, c *streamlet.Certificate) {
		add("certificate's slot", height, 8, ErrFormat, streamlet.ErrInvalid)
		add("signers", height, 2, ErrFormat, streamlet.ErrInvalid, ErrArchive)
		if c != nil {
			add("ids", height, 20*len(c.Signers), ErrFormat, streamlet.ErrInvalid)
			add("signatures", height, 64*len(c.Signers), streamlet.ErrInvalid)
		}
	}
	for _, b := range w.wires[1:] {
		h := b.Height
		add("length", h, 4, ErrArchive, ErrFormat)
		add("parent", h, 32, ErrParent)
		add("height", h, 8, streamlet.ErrInvalid, ErrFormat)
		add("slot", h, 8, streamlet.ErrInvalid, ErrFormat)
		add("root", h, 32, ErrSignature)
		add("leader", h, 20, streamlet.ErrInvalid)
		add("beacon and proof", h, 32+vrf.ProofSize, ErrSignature)
		certificate(h, b.Certificate)
		add("number of transactions", h, 2, ErrFormat)
		for _, x := range b.Txs {
			add("kind and key", h, 1+64, ErrSignature)
			add("length of body", h, 4, ErrFormat)
			add("body and signature", h, len(x.Body)+64, ErrSignature)
		}
		add("signature", h, 64, ErrSignature)
	}
	end := w.state().Height
	add("end", end+1, 4, ErrArchive, ErrFormat)
	certificate(end, w.tree.Best().CertificateOf())
	return all
}

// A random bit of an archive that is another names the block that it is in, and what is wrong with it. DOIN_TAMPER says how many.
func TestTampered(t *testing.T) {
	n := 150
	if s := os.Getenv("DOIN_TAMPER"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("DOIN_TAMPER: %v", err)
		}
	}
	w := busy(t, 12)
	data, parts := w.export(), w.parts()
	if parts[len(parts)-1].until != len(data) {
		t.Fatalf("parts of %d bytes, the archive has %d", parts[len(parts)-1].until, len(data))
	}
	r := rand.New(rand.NewPCG(16, 1))
	met := map[string]int{}
	for range n {
		at := r.IntN(len(data))
		p := parts[slices.IndexFunc(parts, func(p part) bool { return at < p.until })]
		bad := bytes.Clone(data)
		bad[at] ^= 1 << r.IntN(8)
		_, err := reader.Import(bytes.NewReader(bad))
		var fault *Fault
		ok := errors.As(err, &fault) && slices.ContainsFunc(p.want, func(want error) bool { return errors.Is(err, want) })
		// An altered genesis file is another network, whose first block is missing; an altered length takes the next for a part.
		if !ok || fault.Height != p.height && p.height > 0 {
			t.Errorf("byte %d, %s of block %d: %v", at, p.name, p.height, err)
		}
		met[p.name]++
	}
	t.Logf("%d bits: %v", n, met)
}

func FuzzImport(f *testing.F) {
	w := busy(f, 3)
	data := w.export()
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := reader.Import(bytes.NewReader(data)); err != nil {
			var fault *Fault
			if !errors.As(err, &fault) {
				t.Errorf("no fault: %v", err)
			}
		}
	})
}
