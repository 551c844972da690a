// Package identity is a node's name and signature: an ECDSA key on NIST P-256, the peer id
// derived from it, and signatures bound to a purpose and a network.
//
// A peer id is the first 40 lower-case hex digits of the SHA-256 of the public key's DER
// SubjectPublicKeyInfo with the uncompressed point (91 bytes). Keys and signatures travel as lower-case
// hex of their DER; other spellings are refused, so that one key has one text.
//
// What is signed is never a bare body but
//
//	"doin/1\n" kind "\n" network "\n" body
//
// so that a signature made for one purpose or one network is worthless for another. ECDSA signatures
// are malleable: a third party can turn one valid signature into another. They must never be part
// of what identifies an object.
//
// A key file is PKCS#8 PEM or, encrypted by a passphrase, an age file of that; nobody but its owner may read it.
//
// The Python reference names nodes the same way and stores keys the same way (PKCS#8 PEM) but signs
// nothing. It loads keys on any curve; we refuse all but P-256 with ErrBadKey.
package identity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// The purposes a signature can have.
const (
	KindMessage     = "message"
	KindTransaction = "transaction"
	KindVote        = "vote"
	KindBlock       = "block"
	KindChallenge   = "challenge"
	KindAnchor      = "anchor"
)

const (
	// PeerIDLen is the length of a peer id in characters.
	PeerIDLen = 40
	// PublicKeyLen is the length of a public key's hex text in characters.
	PublicKeyLen = 2 * spkiLen
	// MaxSignatureLen is the longest hex text of a signature in characters.
	MaxSignatureLen = 2 * 72

	spkiLen  = 91
	pointLen = 65
)

var (
	// ErrBadKey is returned (wrapped) for a key that is malformed, not on P-256, or whose hash
	// is not the sender.
	ErrBadKey = errors.New("identity: bad key")
	// ErrBadSignature is returned (wrapped) for a signature that is malformed or does not verify.
	ErrBadSignature = errors.New("identity: bad signature")
)

// spkiPrefix is everything of a P-256 SubjectPublicKeyInfo before the uncompressed point.
var spkiPrefix = []byte{
	0x30, 0x59, 0x30, 0x13,
	0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, // id-ecPublicKey
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, // prime256v1
	0x03, 0x42, 0x00,
}

// Key is a private key with its derived texts. It is safe for concurrent use.
type Key struct {
	private   *ecdsa.PrivateKey
	publicKey string
	peerID    string
}

// Generate returns a new random key.
func Generate() (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return newKey(private)
}

// FromSeed returns the key whose private scalar is the SHA-256 of seed, hashed again until it lies
// in the group's range. The same text gives the same key, so whoever knows the text has the key:
// it is for simulations only. An empty seed is an ErrBadKey.
func FromSeed(seed string) (*Key, error) {
	if seed == "" {
		return nil, fmt.Errorf("%w: empty seed", ErrBadKey)
	}
	scalar := sha256.Sum256([]byte(seed))
	for {
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
		if err == nil {
			return newKey(private)
		}
		scalar = sha256.Sum256(scalar[:]) // out of range, with probability 2⁻³²
	}
}

func newKey(private *ecdsa.PrivateKey) (*Key, error) {
	if private.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: curve %s, want P-256", ErrBadKey, private.Curve.Params().Name)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil || len(point) != pointLen {
		return nil, fmt.Errorf("%w: invalid public point", ErrBadKey)
	}
	spki := append(bytes.Clone(spkiPrefix), point...)
	return &Key{private: private, publicKey: hex.EncodeToString(spki), peerID: peerID(spki)}, nil
}

func peerID(spki []byte) string {
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:])[:PeerIDLen]
}

// PeerID returns the peer id, 40 lower-case hex digits.
func (k *Key) PeerID() string { return k.peerID }

// PublicKey returns the lower-case hex of the public key's SubjectPublicKeyInfo.
func (k *Key) PublicKey() string { return k.publicKey }

// Sign returns the lower-case hex of the DER signature over body for a purpose and a network. The
// nonce is derived from key and pre-image (RFC 6979), so equal inputs give equal signatures. A
// kind or network containing a line break is an error.
func (k *Key) Sign(kind, network string, body []byte) (string, error) {
	digest, err := digestOf(kind, network, body)
	if err != nil {
		return "", err
	}
	// Without a random source, Sign is deterministic.
	sig, err := k.private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", kind, err)
	}
	return hex.EncodeToString(sig), nil
}

func digestOf(kind, network string, body []byte) ([sha256.Size]byte, error) {
	if strings.Contains(kind, "\n") || strings.Contains(network, "\n") {
		return [sha256.Size]byte{}, errors.New("identity: line break in kind or network")
	}
	h := sha256.New()
	h.Write([]byte("doin/1\n" + kind + "\n" + network + "\n"))
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil)), nil
}
