package identity

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"

	"doin.network/node/chain/vrf"
)

// A key has one id in both spellings, its signature one form, and its VRF its point.
func TestPoint(t *testing.T) {
	for _, seed := range []string{"a", "b", "c", "d"} {
		k, err := FromSeed(seed)
		if err != nil {
			t.Fatal(err)
		}
		point := k.Point()
		if id, err := PointID(point); err != nil || id != k.PeerID() {
			t.Errorf("PointID = %s, %v, want %s", id, err, k.PeerID())
		}
		if p, err := PointOf(k.PublicKey()); err != nil || !bytes.Equal(p, point) {
			t.Errorf("PointOf = %x, %v, want %x", p, err, point)
		}
		message := []byte("message of " + seed)
		signature, err := k.SignMessage(message)
		if err != nil || VerifyMessage(point, message, signature) != nil {
			t.Fatalf("SignMessage = %x, %v: %v", signature, err, VerifyMessage(point, message, signature))
		}
		// The other s is as good in mathematics, and refused.
		other := bytes.Clone(signature)
		n := new(big.Int).Add(new(big.Int).Add(halfOrder, halfOrder), big.NewInt(1))
		n.Sub(n, new(big.Int).SetBytes(signature[32:])).FillBytes(other[32:])
		for what, s := range map[string][]byte{"the other s": other, "a byte less": signature[:63], "none": nil, "zeros": make([]byte, 64)} {
			if err := VerifyMessage(point, message, s); !errors.Is(err, ErrBadSignature) {
				t.Errorf("%s: %v, want ErrBadSignature", what, err)
			}
		}
		if err := VerifyMessage(point, append(message, 0), signature); !errors.Is(err, ErrBadSignature) {
			t.Errorf("another message: %v, want ErrBadSignature", err)
		}
		point[0] ^= 1
		if err := VerifyMessage(point, message, signature); !errors.Is(err, ErrBadKey) {
			t.Errorf("no point: %v, want ErrBadKey", err)
		}
		v, err := k.VRF()
		if err != nil || !bytes.Equal(v.PublicKey(), Compressed(k.Point())) {
			t.Fatalf("VRF: %v, its key %x, want %x", err, v.PublicKey(), Compressed(k.Point()))
		}
		proof, output := v.Prove(message)
		if got, err := vrf.Verify(Compressed(k.Point()), message, proof); err != nil || !bytes.Equal(got, output) {
			t.Errorf("vrf.Verify = %x, %v, want %x", got, err, output)
		}
	}
	k, err := FromSeed("vector")
	if err != nil {
		t.Fatal(err)
	}
	signature, err := k.SignMessage([]byte("doin"))
	if got, want := hex.EncodeToString(signature), signatureVector; err != nil || got != want {
		t.Errorf("signature %s, %v, want %s", got, err, want)
	}
}

// signatureVector is the signature of "doin" by the key of seed "vector".
const signatureVector = "a4dc31317dbf43dc43037ac9f6c4112425c6e9d24704c5b604640fe3cf886a08569eaab0a514f54dd3b51f712fda154f1fa9b6bfef4923b5ade33776fed51c08"
