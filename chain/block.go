package chain

import (
	"fmt"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// MaxBlockTxs is the largest number of transactions that a block of any network holds; the strict rules allow fewer.
const MaxBlockTxs = 1000

// GenesisHash is the hash of block 0 of every network; networks differ by their Genesis file.
const GenesisHash = "4e19257e8941caec2ec6a4d581a981a533ab5728c11e58c3d13040049e3cd6d5"

// GenesisGenerator is the generator id of block 0.
const GenesisGenerator = "genesis"

// Ext is what a block carries beyond the reference's: the generator's key, the root of the state
// after the block, and the generator's signature. The block hash does not cover it.
type Ext struct {
	PublicKey string
	StateRoot string
	Signature string
}

// Object returns the JSON form; empty members are left out.
func (e *Ext) Object() *canon.Object {
	o := e.unsigned()
	if e.Signature != "" {
		o.Set("signature", e.Signature)
	}
	return o
}

// unsigned returns the JSON form without the signature: what the signature covers.
func (e *Ext) unsigned() *canon.Object {
	o := canon.NewObject()
	if e == nil {
		return o
	}
	if e.PublicKey != "" {
		o.Set("public_key", e.PublicKey)
	}
	if e.StateRoot != "" {
		o.Set("state_root", e.StateRoot)
	}
	return o
}

// Block is a header with its transactions.
type Block struct {
	Header       Header
	Transactions []*Tx
	Hash         string // as received; Header.ComputeHash gives the true one
	Ext          *Ext   // nil if absent
}

// GenesisBlock returns a new block 0.
func GenesisBlock() *Block {
	b := &Block{Header: Header{
		PreviousHash: ZeroHash,
		Timestamp:    timestamp.FromMicro(0),
		MerkleRoot:   ZeroHash,
		GeneratorID:  GenesisGenerator,
	}}
	b.Hash = b.Header.ComputeHash()
	return b
}

// BlockFromObject reads a block. An absent or empty hash is computed, a given one is kept; an
// absent ext is nil. More than MaxBlockTxs transactions are refused before any is read. Payloads are
// shared with o. Errors match ErrInvalid.
func BlockFromObject(o *canon.Object) (*Block, error) {
	r := &reader{object: "block", o: o}
	headerObject, list, hash := r.obj("header"), []any(nil), r.optional("hash")
	if o.Has("transactions") {
		list = r.list("transactions")
	}
	if r.err != nil {
		return nil, r.err
	}
	if len(list) > MaxBlockTxs {
		return nil, wrong("block", "transactions", "too many")
	}
	header, err := HeaderFromObject(headerObject)
	if err != nil {
		return nil, err
	}
	b := &Block{Header: header, Hash: hash, Transactions: make([]*Tx, len(list))}
	for i, v := range list {
		txObject, err := canon.AsObject(v)
		if err == nil {
			b.Transactions[i], err = TxFromObject(txObject)
		}
		if err != nil {
			return nil, &FieldError{Object: "block", Field: fmt.Sprintf("transactions[%d]", i), Err: err}
		}
	}
	if b.Ext, err = extOf(o); err != nil {
		return nil, err
	}
	if b.Hash == "" {
		b.Hash = b.Header.ComputeHash()
	}
	return b, nil
}

func extOf(o *canon.Object) (*Ext, error) {
	object, err := o.ObjectOr("ext", nil)
	if err != nil {
		return nil, malformed("block", err)
	}
	if object == nil {
		return nil, nil
	}
	r := &reader{object: "block ext", o: object}
	e := &Ext{
		PublicKey: r.optional("public_key"),
		StateRoot: r.optional("state_root"),
		Signature: r.optional("signature"),
	}
	return e, r.err
}

// Object returns the JSON form; payloads are shared.
func (b *Block) Object() *canon.Object {
	list := make([]any, len(b.Transactions))
	for i, tx := range b.Transactions {
		list[i] = tx.Object()
	}
	o := canon.NewObject(
		"header", b.Header.Object(),
		"transactions", list,
		"hash", b.Hash,
	)
	if b.Ext != nil {
		o.Set("ext", b.Ext.Object())
	}
	return o
}

// ComputeHash returns the hash that the header has, whatever Hash says.
func (b *Block) ComputeHash() string { return b.Header.ComputeHash() }

// ClaimedIDs returns the transactions' ids as they stand.
func (b *Block) ClaimedIDs() []string {
	ids := make([]string, len(b.Transactions))
	for i, tx := range b.Transactions {
		ids[i] = tx.ID
	}
	return ids
}

// Seal sets every transaction id, the Merkle root and the hash from the content. It is for whoever
// makes a block; signing comes after it.
func (b *Block) Seal() {
	for _, tx := range b.Transactions {
		tx.ID = tx.ComputeID()
	}
	b.Header.MerkleRoot = MerkleRoot(b.ClaimedIDs())
	b.Hash = b.Header.ComputeHash()
}

// SigningBody returns the recomputed hash ":" the SHA-256 of ext without its signature.
func (b *Block) SigningBody() []byte {
	return []byte(b.Header.ComputeHash() + ":" + canon.Hash(b.Ext.unsigned()))
}

// ValidateBasic checks everything that needs no state, signatures aside (see VerifyBlock): at most
// MaxBlockTxs transactions, each valid and no id twice; the Merkle root over the recomputed ids;
// the header; the recomputed hash; the form of ext. Errors match ErrInvalid; see also ErrDuplicateTx
// and HashError.
//
// Duplicates are found first and say nothing about the hash: with a repeated tail a tampered body
// can have the root of an honest one.
func (b *Block) ValidateBasic() error {
	if len(b.Transactions) > MaxBlockTxs {
		return wrong("block", "transactions", "too many")
	}
	ids := make([]string, len(b.Transactions))
	seen := make(map[string]struct{}, len(b.Transactions))
	for i, tx := range b.Transactions {
		id, err := tx.validate()
		if err != nil {
			return &FieldError{Object: "block", Field: fmt.Sprintf("transactions[%d]", i), Err: err}
		}
		if _, dup := seen[id]; dup {
			return fmt.Errorf("%w %s", ErrDuplicateTx, id)
		}
		seen[id] = struct{}{}
		ids[i] = id
	}
	if err := b.Header.ValidateBasic(); err != nil {
		return err
	}
	if root := MerkleRoot(ids); root != b.Header.MerkleRoot {
		return &HashError{What: "merkle root", Got: b.Header.MerkleRoot, Want: root}
	}
	if hash := b.Header.ComputeHash(); hash != b.Hash {
		return &HashError{What: "block hash", Got: b.Hash, Want: hash}
	}
	return b.Ext.validate()
}

func (e *Ext) validate() error {
	if e == nil {
		return nil
	}
	c := &checks{object: "block ext"}
	c.seal(e.PublicKey, e.Signature)
	c.demand(e.StateRoot == "" || IsHash(e.StateRoot), "state_root", "want 64 lower-case hex digits")
	return c.err
}
