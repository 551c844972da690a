package wallet

import (
	"encoding/hex"

	"doin.network/node/chain"
	book "doin.network/node/chain/account"
	"doin.network/node/chain/application"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/optimae"
)

// certifiedKey is the payload's member with the transaction of protocol 2, in hex.
const certifiedKey = "certified"

// certify puts into a transaction what a network of protocol 2 takes, signed by the same key.
func (w *wallet) certify(tx *chain.Tx, of *account) error {
	point, err := application.NewKey(w.key)
	if err != nil {
		return err
	}
	kind, body, err := certifiedBody(tx, of)
	if err != nil {
		return err
	}
	x, err := application.Sign(point, w.signing, kind, body)
	if err != nil {
		return err
	}
	tx.Payload.Set(certifiedKey, hex.EncodeToString(x.Append(nil)))
	return nil
}

// certifiedBody is what a transaction says, as protocol 2 says it.
func certifiedBody(tx *chain.Tx, of *account) (optimae.Kind, []byte, error) {
	var body optimae.Body
	switch tx.Type {
	case consensus.TxTransfer:
		t, _ := consensus.Transfer(tx)
		to, err := book.ParseID(t.Recipient)
		if err != nil {
			return 0, nil, err
		}
		return application.KindTransfer, (&application.Transfer{To: to, Amount: t.Amount, Fee: t.Fee, Nonce: t.Nonce}).Encode(), nil
	case consensus.TxRegistered:
		body = &optimae.Register{Domains: of.domains, Slot: of.slot}
	case consensus.TxLeft:
		body = &optimae.Leave{Slot: of.slot}
	default:
		return 0, nil, refuse("a network of protocol 2 has no %s yet", tx.Type)
	}
	x := optimae.NewTx(tx.PeerID, body)
	return x.Kind, x.Body, nil
}
