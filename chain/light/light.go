// Package light tells what is in the final state to who trusts one electorate and holds no chain: a value, or that there is none, by
// three headers, their certificates and a proof of the hashed state (chain/state).
//
//	Header    what a block's id is the hash of: its place, the root of the state after it, and the hash of all the rest
//	Finality  three certified headers of consecutive slots: the middle one is final
//	Trust     a final block and the electorate of its children; Check asks about its state, Advance goes on to a later block
//
// The state holds the electorate of a block's children under ElectorateKey, so no headers between are needed: as long as the trusted
// electorate signs, one step goes as far as one likes. A block that changes it is certified by it, and so are those that show the change
// to be final (package streamlet, Electorate): who steps from change to change loses no connection.
//
// What is promised is what the certified chain promises, while fewer than a third of the trusted electorate are dishonest, then and
// since: old keys can sign another history, as for a first sync (trusted_checkpoint). A client that has slept for longer than stakes are
// locked must ask somebody anew.
//
// The package is pure. Deliberately absent: where headers come from, the pre-image of signatures (who verifies them is handed over).
package light

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
)

// Header is a block but for what a light client does not need.
type Header struct {
	Parent streamlet.ID
	Height int64
	Slot   int64
	Root   state.ID     // of the state after the block
	Rest   streamlet.ID // hash of everything else: leader, beacon, proofs, the parent's certificate, records
}

const (
	headerName  = "doin/2 header\n"
	headerBytes = 32 + 8 + 8 + 32 + 32
)

// ID returns the block's id: SHA-256("doin/2 header\n" · parent · height u64 · slot u64 · root · rest), numbers big endian.
func (h Header) ID() streamlet.ID { return sha256.Sum256(h.append([]byte(headerName))) }

func (h Header) append(dst []byte) []byte {
	dst = append(dst, h.Parent[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Height))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Slot))
	dst = append(dst, h.Root[:]...)
	return append(dst, h.Rest[:]...)
}

// Finality says that the middle of three blocks is final.
type Finality struct {
	Headers      [3]Header
	Certificates [3]*streamlet.Certificate // of the headers, in their order
}

// Verify reports whether a signature of a peer for a block in a slot is good.
type Verify func(peer string, slot int64, block streamlet.ID, signature []byte) bool

// ErrUntrusted is matched by every refusal.
var ErrUntrusted = errors.New("light: not shown to be final")

// Trust is a final block, taken at somebody's word or come to by Advance.
type Trust struct {
	ID         streamlet.ID
	Height     int64
	Electorate *streamlet.Electorate // of the block's children
}

// Final returns the header that f shows to be final: the trusted block itself, or one above it. Errors match ErrUntrusted.
func (t *Trust) Final(f *Finality, verify Verify) (Header, error) {
	for i, h := range f.Headers {
		if i > 0 {
			if up := f.Headers[i-1]; h.Parent != up.ID() || h.Height != up.Height+1 || h.Slot != up.Slot+1 {
				return Header{}, fmt.Errorf("%w: header %d does not follow in the next slot", ErrUntrusted, i)
			}
		}
		if err := t.certified(h, f.Certificates[i], verify); err != nil {
			return Header{}, fmt.Errorf("%w: header %d: %w", ErrUntrusted, i, err)
		}
	}
	h := f.Headers[1]
	if h.Height < t.Height || h.Height == t.Height && h.ID() != t.ID {
		return Header{}, fmt.Errorf("%w: height %d, trusted is %d", ErrUntrusted, h.Height, t.Height)
	}
	return h, nil
}

// certified checks that a quorum of the trusted electorate has signed a header. Signatures of others count nothing and are not looked at.
func (t *Trust) certified(h Header, c *streamlet.Certificate, verify Verify) error {
	if c == nil || c.Block != h.ID() || c.Slot != h.Slot || len(c.Signers) != len(c.Signatures) {
		return errors.New("the certificate is another block's")
	}
	n := 0
	for i, peer := range c.Signers {
		switch {
		case i > 0 && c.Signers[i-1] >= peer:
			return errors.New("signers out of order")
		case !t.Electorate.Has(peer):
			continue
		case !verify(peer, c.Slot, c.Block, c.Signatures[i]):
			return fmt.Errorf("the signature of %.64q is false", peer)
		}
		n++
	}
	if n < t.Electorate.Quorum() {
		return fmt.Errorf("%d of the electorate have signed, %d are needed", n, t.Electorate.Quorum())
	}
	return nil
}

// Check returns the value of a key in the state after the block that f shows to be final, ok false if it has none there. Errors match
// ErrUntrusted or state.ErrProof.
func (t *Trust) Check(f *Finality, key, proof []byte, verify Verify) (value []byte, ok bool, err error) {
	h, err := t.Final(f, verify)
	if err != nil {
		return nil, false, err
	}
	return state.VerifyProof(h.Root, key, proof)
}

// Advance returns the trust in the block that f shows to be final, by a proof of the electorate in its state. Errors are those of Check.
func (t *Trust) Advance(f *Finality, proof []byte, verify Verify) (*Trust, error) {
	value, ok, err := t.Check(f, ElectorateKey(), proof, verify)
	if err != nil {
		return nil, err
	}
	e, err := ParseElectorate(value)
	if !ok || err != nil {
		return nil, fmt.Errorf("%w: the state has no electorate", ErrUntrusted)
	}
	h := f.Headers[1]
	return &Trust{ID: h.ID(), Height: h.Height, Electorate: e}, nil
}

// ElectorateKey is where a state holds the electorate of its block's children.
func ElectorateKey() []byte { return []byte("electorate") }

const (
	// MaxPeers bounds an electorate.
	MaxPeers = 1024
	maxPeer  = 64 // bytes of an id
)

// AppendElectorate appends an electorate: number u16 · (length u8 · id) of each peer, ascending.
func AppendElectorate(dst []byte, e *streamlet.Electorate) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(e.Len()))
	for _, peer := range e.Peers() {
		dst = append(append(dst, byte(len(peer))), peer...)
	}
	return dst
}

// ParseElectorate reads what AppendElectorate wrote, for at most MaxPeers peers.
func ParseElectorate(b []byte) (*streamlet.Electorate, error) {
	r := reader{b: b}
	peers := r.peers()
	if r.bad || len(r.b) > 0 || len(peers) == 0 {
		return nil, errors.New("light: electorate is unreadable")
	}
	return streamlet.NewElectorate(peers...), nil
}

// AppendFinality appends three headers, and of each certificate, whose block and slot are its header's: number u16 · (length u8 · id) of
// each signer · (length u8 · signature) of each.
func AppendFinality(dst []byte, f *Finality) []byte {
	for _, h := range f.Headers {
		dst = h.append(dst)
	}
	for _, c := range f.Certificates {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(c.Signers)))
		for _, peer := range c.Signers {
			dst = append(append(dst, byte(len(peer))), peer...)
		}
		for _, s := range c.Signatures {
			dst = append(append(dst, byte(len(s))), s...)
		}
	}
	return dst
}

// ParseFinality reads what AppendFinality wrote. Of what it says nothing is verified but its form.
func ParseFinality(b []byte) (*Finality, error) {
	r := reader{b: b}
	f := new(Finality)
	for i := range f.Headers {
		f.Headers[i] = r.header()
	}
	for i, h := range f.Headers {
		c := &streamlet.Certificate{Block: h.ID(), Slot: h.Slot, Signers: r.peers()}
		for range c.Signers {
			c.Signatures = append(c.Signatures, slices.Clone(r.take(int(r.number(1)))))
		}
		f.Certificates[i] = c
	}
	if r.bad || len(r.b) > 0 {
		return nil, errors.New("light: finality is unreadable")
	}
	return f, nil
}

// reader takes a slice apart. After the first fault everything is zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) number(size int) (v uint64) {
	for _, b := range r.take(size) {
		v = v<<8 | uint64(b)
	}
	return v
}

func (r *reader) header() (h Header) {
	copy(h.Parent[:], r.take(32))
	height, slot := r.number(8), r.number(8)
	if h.Height, h.Slot = int64(height), int64(slot); h.Height < 0 || h.Slot < 0 {
		r.b, r.bad = nil, true
	}
	copy(h.Root[:], r.take(32))
	copy(h.Rest[:], r.take(32))
	return h
}

// peers reads a list of ids, ascending.
func (r *reader) peers() (out []string) {
	n := int(r.number(2))
	for range min(n, MaxPeers+1) {
		p := string(r.take(int(r.number(1))))
		if r.bad || p == "" || len(p) > maxPeer || len(out) == MaxPeers || len(out) > 0 && out[len(out)-1] >= p {
			r.b, r.bad = nil, true
			return nil
		}
		out = append(out, p)
	}
	return out
}
