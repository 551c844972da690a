// Package vrf is a verifiable random function: what only the holder of a key can compute of a text, and everybody can verify with
// the public key. It is ECVRF-P256-SHA256-TAI of RFC 9381 (Goldberg, Reyzin, Papadopoulos, Včelák, 2023), by its section 5 and the
// suite of section 5.5, on the curve that keys of nodes are on.
//
//	key, err := vrf.NewKey(scalar)
//	proof, output := key.Prove(alpha)
//	output, err := vrf.Verify(publicKey, alpha, proof)
//
// A proof is of PublicKeySize + 16 + 32 bytes: the point Γ, compressed as SEC 1 has it, and the integers c and s, big-endian. There is
// one proof that verifies for a key and a text that an honest holder makes; a dishonest one can make others, all with the same output.
//
// Deliberately absent: other suites, and the salt of the RFC, which is the public key in this one.
package vrf

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"filippo.io/bigmod"
	"filippo.io/nistec"
)

const (
	// PublicKeySize is the length of a compressed point in bytes.
	PublicKeySize = 33
	// ProofSize is the length of a proof in bytes.
	ProofSize = PublicKeySize + challengeSize + scalarSize
	// OutputSize is the length of an output in bytes.
	OutputSize = sha256.Size

	scalarSize    = 32
	challengeSize = 16

	suite = 0x01 // ECVRF-P256-SHA256-TAI
	// The RFC's domain separators, section 5.4.
	separatorEncode    = 0x01
	separatorChallenge = 0x02
	separatorOutput    = 0x03
	separatorBack      = 0x00
)

var (
	// ErrKey is returned (wrapped) for a secret or public key that is none.
	ErrKey = errors.New("vrf: bad key")
	// ErrProof is returned (wrapped) for a proof that does not verify.
	ErrProof = errors.New("vrf: bad proof")
)

// order is the number of points of the curve.
var order = func() *bigmod.Modulus {
	m, err := bigmod.NewModulus([]byte{
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51})
	if err != nil {
		panic(err) // a constant
	}
	return m
}()

// Key is a secret key. It is safe for concurrent use.
type Key struct {
	scalar []byte
	x      *bigmod.Nat
	public []byte
}

// NewKey returns the key of a scalar, 32 big-endian bytes above 0 and below the order of the curve. The error wraps ErrKey.
func NewKey(scalar []byte) (*Key, error) {
	if len(scalar) != scalarSize {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrKey, len(scalar), scalarSize)
	}
	x, err := bigmod.NewNat().SetBytes(scalar, order)
	if err != nil || x.IsZero() == 1 {
		return nil, fmt.Errorf("%w: the scalar is out of range", ErrKey)
	}
	public, err := nistec.NewP256Point().ScalarBaseMult(scalar)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return &Key{scalar: bytes.Clone(scalar), x: x, public: public.BytesCompressed()}, nil
}

// PublicKey returns the public key, PublicKeySize bytes. The caller owns them.
func (k *Key) PublicKey() []byte { return bytes.Clone(k.public) }

// Prove returns the proof and the output for alpha (section 5.1).
func (k *Key) Prove(alpha []byte) (proof, output []byte) {
	h := encode(k.public, alpha)
	text := h.BytesCompressed()
	gamma := times(h, k.scalar)
	nonce := nonce(k.scalar, text)
	c := challenge(k.public, text, gamma.BytesCompressed(), base(nonce).BytesCompressed(), times(h, nonce).BytesCompressed())
	// s = nonce + c·x
	s := scalar(c)
	s.Mul(k.x, order)
	s.Add(scalar(nonce), order)
	proof = slices.Concat(gamma.BytesCompressed(), c, s.Bytes(order))
	return proof, hash(gamma)
}

// Verify returns the output for alpha if proof is one of the key (section 5.3); the key is validated. The error wraps ErrKey or ErrProof.
func Verify(public, alpha, proof []byte) (output []byte, err error) {
	y, err := point(public)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if len(proof) != ProofSize {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrProof, len(proof), ProofSize)
	}
	gamma, err := point(proof[:PublicKeySize])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	c, s := proof[PublicKeySize:PublicKeySize+challengeSize], proof[PublicKeySize+challengeSize:]
	if _, err := bigmod.NewNat().SetBytes(s, order); err != nil {
		return nil, fmt.Errorf("%w: s is out of range", ErrProof)
	}
	h := encode(public, alpha)
	// U = s·B − c·Y, V = s·H − c·Γ
	wide := padded(c)
	u := minus(base(s), times(y, wide))
	v := minus(times(h, s), times(gamma, wide))
	if !bytes.Equal(c, challenge(public, h.BytesCompressed(), proof[:PublicKeySize], u.BytesCompressed(), v.BytesCompressed())) {
		return nil, fmt.Errorf("%w: the challenge is not that of its points", ErrProof)
	}
	return hash(gamma), nil
}

// point reads a compressed point that is not the one at infinity.
func point(data []byte) (*nistec.P256Point, error) {
	if len(data) != PublicKeySize {
		return nil, fmt.Errorf("%d bytes, want %d", len(data), PublicKeySize)
	}
	return nistec.NewP256Point().SetBytes(data)
}

// encode is the point of a text: encode_to_curve by trying and incrementing, section 5.4.1.1. It takes a time that depends on the text,
// which is public.
func encode(public, alpha []byte) *nistec.P256Point {
	for try := 0; try < 256; try++ {
		sum := sha256.Sum256(slices.Concat([]byte{suite, separatorEncode}, public, alpha, []byte{byte(try), separatorBack}))
		if p, err := point(append([]byte{0x02}, sum[:]...)); err == nil {
			return p
		}
	}
	panic("vrf: no point in 256 tries") // with probability 2⁻²⁵⁶
}

// challenge is section 5.4.3's: of the public key, H, Γ, U and V, all compressed.
func challenge(points ...[]byte) []byte {
	h := sha256.New()
	h.Write([]byte{suite, separatorChallenge})
	for _, p := range points {
		h.Write(p)
	}
	h.Write([]byte{separatorBack})
	return h.Sum(nil)[:challengeSize]
}

// hash is the output of Γ: section 5.2, the cofactor being 1.
func hash(gamma *nistec.P256Point) []byte {
	sum := sha256.Sum256(slices.Concat([]byte{suite, separatorOutput}, gamma.BytesCompressed(), []byte{separatorBack}))
	return sum[:]
}

// nonce is RFC 6979's, section 3.2, with SHA-256 over a message.
func nonce(secret, message []byte) []byte {
	sum := sha256.Sum256(message)
	reduced := bigmod.NewNat()
	if _, err := reduced.SetOverflowingBytes(sum[:], order); err != nil {
		panic(err) // it has the order's length
	}
	seed := slices.Concat(secret, reduced.Bytes(order))
	key, v := make([]byte, sha256.Size), bytes.Repeat([]byte{1}, sha256.Size)
	mac := func(parts ...[]byte) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	for _, step := range []byte{0, 1} {
		key = mac(v, []byte{step}, seed)
		v = mac(v)
	}
	for {
		v = mac(v)
		if k, err := bigmod.NewNat().SetBytes(v, order); err == nil && k.IsZero() == 0 {
			return v
		}
		key = mac(v, []byte{0})
		v = mac(v)
	}
}

// scalar is a number below the order.
func scalar(data []byte) *bigmod.Nat {
	n, err := bigmod.NewNat().SetBytes(padded(data), order)
	if err != nil {
		panic(err) // the caller has checked it
	}
	return n
}

// padded is a big-endian number in scalarSize bytes.
func padded(data []byte) []byte {
	out := make([]byte, scalarSize)
	copy(out[scalarSize-len(data):], data)
	return out
}

func base(scalar []byte) *nistec.P256Point {
	p, err := nistec.NewP256Point().ScalarBaseMult(scalar)
	if err != nil {
		panic(err) // the scalar has 32 bytes
	}
	return p
}

func times(q *nistec.P256Point, scalar []byte) *nistec.P256Point {
	p, err := nistec.NewP256Point().ScalarMult(q, scalar)
	if err != nil {
		panic(err) // the scalar has 32 bytes
	}
	return p
}

func minus(a, b *nistec.P256Point) *nistec.P256Point {
	return a.Add(a, nistec.NewP256Point().Negate(b))
}
