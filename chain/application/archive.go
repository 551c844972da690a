package application

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"

	"golang.org/x/crypto/cryptobyte"

	"doin.network/node/chain/account"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

// An archive is a chain in one file, which says by itself whether it is right: from its genesis file on, every block is applied again.
//
//	"doin/2 chain\n" · length u32 · genesis file · blocks × (length u32 · block) · 0 u32 · certificate of the last block
//
// The certificate is as in a block, all zeros where there is none.
const archiveName = "doin/2 chain\n"

// Errors of archives, beside those of Apply and of package streamlet.
var (
	// ErrArchive: the file's frame is broken, or it ends early.
	ErrArchive = errors.New("application: broken archive")
	// ErrParent: a block does not stand on the one before.
	ErrParent = errors.New("application: another parent")
)

// Fault is the first wrong thing in an archive.
type Fault struct {
	Height int64 // of the block that is wrong, 0 for the genesis file
	Offset int64 // of its first byte in the archive
	Err    error
}

// Error names the block and what is wrong with it.
func (f *Fault) Error() string {
	return fmt.Sprintf("application: block %d at byte %d: %v", f.Height, f.Offset, f.Err)
}

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// Export writes an archive of the blocks above block 0, ascending, with the certificate of the last, nil for none.
func Export(to io.Writer, genesis []byte, blocks iter.Seq[*Wire], last *streamlet.Certificate) error {
	out := bufio.NewWriter(to)
	frame := func(b []byte) {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(b)))
		out.Write(size[:]) // an error stays until Flush
		out.Write(b)
	}
	out.WriteString(archiveName)
	frame(genesis)
	for b := range blocks {
		frame(b.Append(nil))
	}
	frame(nil)
	b := cryptobyte.NewBuilder(nil)
	addCertificate(b, last)
	tail, err := b.Bytes()
	if err != nil {
		return fmt.Errorf("export chain: %w", err)
	}
	out.Write(tail)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export chain: %w", err)
	}
	return nil
}

// Report is what a verified archive holds.
type Report struct {
	Network      string   `json:"network_id"`
	Height       int64    `json:"height"`       // of the last block
	Tip          string   `json:"tip"`          // its id in hex
	Final        int64    `json:"final_height"` // of the last block that the archive shows to be final
	Transactions int64    `json:"transactions"`
	Minted       int64    `json:"minted"` // base units
	Burned       int64    `json:"burned"`
	Paying       int64    `json:"paying_blocks"`
	Electorate   []string `json:"electorate"`
}

// Reader reads archives.
type Reader struct {
	Scheme  Scheme
	Trusted *Checkpoint // nil: none
	// Recoveries are those of a network that was recovered, nil for one that was not.
	Recoveries *Recoveries
	// Begin is handed the genesis file, before the first block; nil for nothing. Its error ends the reading.
	Begin func(genesis []byte) error
	// Take is handed each block with what it did, as soon as it is known to be valid; nil for nothing. Its error ends the reading.
	Take func(*Wire, *Result) error
}

// Import reads an archive and verifies everything: each block's place, leader, certificate, beacon, signatures, transactions and root. Where
// something is wrong the error is a *Fault; an error of Begin's or Take's is as it is. The memory that it takes is the state's and that of a few blocks.
func (r *Reader) Import(from io.Reader) (*Report, error) {
	a := &archive{in: bufio.NewReaderSize(from, 1<<16)}
	name := make([]byte, len(archiveName))
	if err := a.read(name); err != nil || string(name) != archiveName {
		return nil, a.fault(fmt.Errorf("%w: it does not begin with %q", ErrArchive, archiveName))
	}
	text, err := a.frame(maxGenesis)
	if err != nil {
		return nil, a.fault(err)
	}
	genesis, err := ParseGenesis(text)
	if err != nil {
		return nil, a.fault(err)
	}
	if r.Begin != nil {
		if err := r.Begin(text); err != nil {
			return nil, err
		}
	}
	net, err := NewNetwork(genesis, r.Scheme).Recover(r.Recoveries)
	if err != nil {
		return nil, err
	}
	if a.tip, err = a.begin(net, r.Trusted); err != nil {
		return nil, a.fault(err)
	}
	report := &Report{Network: net.NetworkID()}
	for {
		a.height++
		a.from = a.at
		data, err := a.frame(MaxBlock)
		if err != nil {
			return nil, a.fault(err)
		}
		if len(data) == 0 {
			break
		}
		w, err := a.block(data)
		if err != nil {
			return nil, a.fault(err)
		}
		report.Transactions += int64(len(w.Txs))
		if r.Take != nil {
			if err := r.Take(w, a.rules.Result()); err != nil {
				return nil, err
			}
		}
	}
	a.height--
	if err := a.end(); err != nil {
		return nil, a.fault(err)
	}
	if c := r.Trusted; c != nil && c.Height > a.height {
		return nil, a.fault(fmt.Errorf("%w: the chain ends before block %d", ErrCheckpoint, c.Height))
	}
	s := a.tip.State.(*State)
	book, d := account.Open(s.Draft(), s.Height, s.Slot), s.Draft()
	report.Height, report.Tip, report.Final = s.Height, hex.EncodeToString(s.ID[:]), a.tree.Final().Height
	report.Minted, report.Burned, report.Paying = book.Minted(), book.Burned(), optimae.Counted(d).Paid
	report.Electorate = a.tip.Electorate.Peers()
	return report, nil
}

// archive is one that is being read.
type archive struct {
	in     *bufio.Reader
	at     int64 // bytes read
	from   int64 // where the block at hand begins
	height int64
	rules  *Rules
	tree   *streamlet.Tree
	tip    *streamlet.Node
}

func (a *archive) fault(err error) error { return &Fault{a.height, a.from, err} }

func (a *archive) begin(net *Network, trusted *Checkpoint) (tip *streamlet.Node, err error) {
	_, s, err := net.Genesis()
	if err != nil {
		return nil, err
	}
	if a.rules, err = NewRules(net, s, nil, nil); err != nil {
		return nil, err
	}
	a.rules.Trust(trusted)
	if a.tree, err = a.rules.Tree(); err != nil {
		return nil, err
	}
	return a.tree.Best(), nil
}

// read fills b.
func (a *archive) read(b []byte) error {
	n, err := io.ReadFull(a.in, b)
	a.at += int64(n)
	if err != nil {
		return fmt.Errorf("%w: it ends early at byte %d", ErrArchive, a.at)
	}
	return nil
}

// frame reads a length of at most most, and so many bytes.
func (a *archive) frame(most int) ([]byte, error) {
	var size [4]byte
	if err := a.read(size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if int64(n) > int64(most) {
		return nil, fmt.Errorf("%w: a length of %d, at most %d", ErrArchive, n, most)
	}
	var b bytes.Buffer // grows with what is there, not with what is said
	got, err := io.CopyN(&b, a.in, int64(n))
	a.at += got
	if err != nil {
		return nil, fmt.Errorf("%w: it ends early at byte %d", ErrArchive, a.at)
	}
	return b.Bytes(), nil
}

// block puts a block on the one before.
func (a *archive) block(data []byte) (*Wire, error) {
	w, err := ParseBlock(data)
	if err != nil {
		return nil, err
	}
	if w.Parent != a.tip.ID {
		return nil, fmt.Errorf("%w: %s, the block before is %s", ErrParent, short(w.Parent), short(a.tip.ID))
	}
	n, _, err := a.tree.Add(w.Chain())
	if err != nil {
		return nil, err
	}
	a.tip = n
	return w, nil
}

// end reads the certificate of the last block, and that nothing follows.
func (a *archive) end() error {
	tail, err := io.ReadAll(io.LimitReader(a.in, MaxBlock))
	if err != nil {
		return err
	}
	s := cryptobyte.String(tail)
	c, err := readCertificate(&s, a.tip.ID)
	if err != nil {
		return err
	}
	if !s.Empty() {
		return fmt.Errorf("%w: %d bytes behind the end", ErrArchive, len(s))
	}
	if c != nil {
		_, err = a.tree.Certify(c)
	}
	return err
}
