package chain

import (
	"fmt"

	"doin.network/node/chain/identity"
)

// Signer makes signatures; *identity.Key is one. Sign's kind is one of identity's Kind constants.
type Signer interface {
	PeerID() string
	PublicKey() string
	Sign(kind, network string, body []byte) (string, error)
}

var _ Signer = (*identity.Key)(nil)

// sign checks or fills the author's id, then signs body and returns key and signature.
func sign(object, kind string, author *string, s Signer, network string, body func() []byte) (publicKey, signature string, err error) {
	if *author == "" {
		*author = s.PeerID()
	}
	if *author != s.PeerID() {
		return "", "", fmt.Errorf("sign %s of %.64q: the key is that of %s", object, *author, s.PeerID())
	}
	signature, err = s.Sign(kind, network, body())
	if err != nil {
		return "", "", fmt.Errorf("sign %s: %w", object, err)
	}
	return s.PublicKey(), signature, nil
}

// SignTx sets author (if empty), id, key and signature. An author other than s is an error.
func SignTx(tx *Tx, s Signer, network string) error {
	publicKey, signature, err := sign("transaction", identity.KindTransaction, &tx.PeerID, s, network, tx.SigningBody)
	if err != nil {
		return err
	}
	tx.ID, tx.PublicKey, tx.Signature = tx.ComputeID(), publicKey, signature
	return nil
}

// SignMessage sets sender (if empty), key and signature. A sender other than s is an error.
func SignMessage(m *Message, s Signer, network string) error {
	publicKey, signature, err := sign("message", identity.KindMessage, &m.SenderID, s, network, m.SigningBody)
	if err != nil {
		return err
	}
	m.PublicKey, m.Signature = publicKey, signature
	return nil
}

// SignVote sets evaluator (if empty), key and signature. An evaluator other than s is an error.
func SignVote(v *Vote, s Signer, network string) error {
	publicKey, signature, err := sign("vote", identity.KindVote, &v.EvaluatorID, s, network, v.SigningBody)
	if err != nil {
		return err
	}
	v.PublicKey, v.Signature = publicKey, signature
	return nil
}

// SignBlock sets generator (if empty), hash and, in ext, key and signature; a missing ext is made.
// The Merkle root must be right already (see Seal). A generator other than s is an error.
func SignBlock(b *Block, s Signer, network string) error {
	ext := Ext{}
	if b.Ext != nil {
		ext = *b.Ext
	}
	ext.PublicKey = s.PublicKey() // covered by the signature
	b.Ext = &ext
	_, signature, err := sign("block", identity.KindBlock, &b.Header.GeneratorID, s, network, b.SigningBody)
	if err != nil {
		return err
	}
	ext.Signature = signature
	b.Hash = b.Header.ComputeHash()
	return nil
}

// VerifyTx checks that tx is signed by its author for the network. It does not look at tx.ID
// (ValidateBasic does). The error matches ErrInvalid and ErrUnsigned, identity.ErrBadKey or
// identity.ErrBadSignature, as for all VerifyX.
func VerifyTx(tx *Tx, network string) error {
	return verify("transaction", identity.KindTransaction, tx.PeerID, tx.PublicKey, tx.Signature, network, tx.SigningBody)
}

// VerifyMessage checks that m is signed by its sender for the network.
func VerifyMessage(m *Message, network string) error {
	return verify("message", identity.KindMessage, m.SenderID, m.PublicKey, m.Signature, network, m.SigningBody)
}

// VerifyVote checks that v is signed by its evaluator for the network.
func VerifyVote(v *Vote, network string) error {
	return verify("vote", identity.KindVote, v.EvaluatorID, v.PublicKey, v.Signature, network, v.SigningBody)
}

// VerifyBlock checks that b is signed by its generator for the network. The transactions'
// signatures are VerifyTx's.
func VerifyBlock(b *Block, network string) error {
	if b.Ext == nil {
		return fmt.Errorf("verify block: %w", ErrUnsigned)
	}
	return verify("block", identity.KindBlock, b.Header.GeneratorID, b.Ext.PublicKey, b.Ext.Signature, network, b.SigningBody)
}

func verify(object, kind, sender, publicKey, signature, network string, body func() []byte) error {
	if publicKey == "" || signature == "" {
		return fmt.Errorf("verify %s: %w", object, ErrUnsigned)
	}
	if err := identity.VerifySender(sender, publicKey, signature, kind, network, body()); err != nil {
		return fmt.Errorf("verify %s: %w: %w", object, ErrInvalid, err)
	}
	return nil
}
