package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"doin.network/node/chain/vrf"
)

// This file is keys and signatures in the fixed lengths of protocol 2, where each has one form in bytes.

const (
	// PointBytes is the length of a public key: x and y of its point, 32 bytes each, big-endian.
	PointBytes = 64
	// SignatureBytes is the length of a signature: r and s, 32 bytes each, big-endian, s at most half of the group's order.
	SignatureBytes = 64
)

// Point returns the public key as PointBytes bytes. The caller owns them.
func (k *Key) Point() []byte {
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		panic(err) // newKey has made them once
	}
	return point[1:]
}

// PointID returns the peer id of a point, or ErrBadKey.
func PointID(point []byte) (string, error) {
	if _, err := publicKey(point); err != nil {
		return "", err
	}
	return peerID(append(append(append(make([]byte, 0, spkiLen), spkiPrefix...), uncompressed), point...)), nil
}

// PointOf returns the point of a public key's hex text, or ErrBadKey.
func PointOf(publicKeyHex string) ([]byte, error) {
	spki, _, err := parsePublic(publicKeyHex)
	if err != nil {
		return nil, err
	}
	return spki[len(spki)-PointBytes:], nil
}

// uncompressed is what a point with both coordinates begins with (SEC 1, section 2.3.3).
const uncompressed = 4

func publicKey(point []byte) (*ecdsa.PublicKey, error) {
	if len(point) != PointBytes {
		return nil, fmt.Errorf("%w: a point of %d bytes, want %d", ErrBadKey, len(point), PointBytes)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append([]byte{uncompressed}, point...))
	if err != nil {
		return nil, fmt.Errorf("%w: the point is not on P-256", ErrBadKey)
	}
	return public, nil
}

// SignMessage returns the signature of a message's SHA-256, SignatureBytes bytes. Equal messages give equal signatures (RFC 6979).
func (k *Key) SignMessage(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	der, err := k.private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	r, s := new(big.Int), new(big.Int)
	text, whole := cryptobyte.String(der), cryptobyte.String(nil)
	if !text.ReadASN1(&whole, asn1.SEQUENCE) || !whole.ReadASN1Integer(r) || !whole.ReadASN1Integer(s) {
		return nil, fmt.Errorf("%w: %s", ErrBadSignature, hex.EncodeToString(der))
	}
	if n := elliptic.P256().Params().N; s.Cmp(halfOrder) > 0 {
		s.Sub(n, s)
	}
	out := make([]byte, SignatureBytes)
	r.FillBytes(out[:SignatureBytes/2])
	s.FillBytes(out[SignatureBytes/2:])
	return out, nil
}

// halfOrder is the largest s of a signature: of s and order − s, which are both good, one is.
var halfOrder = new(big.Int).Rsh(elliptic.P256().Params().N, 1)

// VerifyMessage checks a signature of SignMessage. It returns nil, ErrBadKey or ErrBadSignature. Nobody but the key's holder can make
// another signature of a message that is good.
func VerifyMessage(point, message, signature []byte) error {
	public, err := publicKey(point)
	if err != nil {
		return err
	}
	if len(signature) != SignatureBytes {
		return fmt.Errorf("%w: %d bytes, want %d", ErrBadSignature, len(signature), SignatureBytes)
	}
	r := new(big.Int).SetBytes(signature[:SignatureBytes/2])
	s := new(big.Int).SetBytes(signature[SignatureBytes/2:])
	if s.Cmp(halfOrder) > 0 {
		return fmt.Errorf("%w: s is above half of the order", ErrBadSignature)
	}
	if digest := sha256.Sum256(message); !ecdsa.Verify(public, digest[:], r, s) {
		return fmt.Errorf("%w: it does not verify", ErrBadSignature)
	}
	return nil
}

// VRF returns the key's part in package vrf: the same scalar, the same point.
func (k *Key) VRF() (*vrf.Key, error) {
	scalar, err := k.private.Bytes()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	return vrf.NewKey(scalar)
}

// Compressed returns a point as package vrf takes it.
func Compressed(point []byte) []byte {
	return append([]byte{2 | point[PointBytes-1]&1}, point[:PointBytes/2]...)
}
