package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// PeerID returns the peer id of a public key's hex text, or ErrBadKey.
func PeerID(publicKeyHex string) (string, error) {
	spki, _, err := parsePublic(publicKeyHex)
	if err != nil {
		return "", err
	}
	return peerID(spki), nil
}

// IsPeerID reports whether s has the form of a peer id: 40 lower-case hex digits.
func IsPeerID(s string) bool { return len(s) == PeerIDLen && isLowerHex(s) }

// Verify checks that sigHex is a signature by publicKeyHex over body for the purpose and network.
// It returns nil, ErrBadKey or ErrBadSignature.
func Verify(publicKeyHex, sigHex, kind, network string, body []byte) error {
	_, public, err := parsePublic(publicKeyHex)
	if err != nil {
		return err
	}
	return verify(public, sigHex, kind, network, body)
}

// VerifySender is Verify that also demands that senderID is the peer id of the key; if it is not,
// the error is an ErrBadKey.
func VerifySender(senderID, publicKeyHex, sigHex, kind, network string, body []byte) error {
	spki, public, err := parsePublic(publicKeyHex)
	if err != nil {
		return err
	}
	if peerID(spki) != senderID {
		return fmt.Errorf("%w: it is not the key of sender %.64q", ErrBadKey, senderID)
	}
	return verify(public, sigHex, kind, network, body)
}

// VerifyPlain checks a signature over the SHA-256 of the bare message, without purpose and
// network, as the reference's own signing primitive makes it. The protocol never uses it.
func VerifyPlain(publicKeyHex, sigHex string, message []byte) error {
	_, public, err := parsePublic(publicKeyHex)
	if err != nil {
		return err
	}
	return verifyDigest(public, sigHex, sha256.Sum256(message))
}

func verify(public *ecdsa.PublicKey, sigHex, kind, network string, body []byte) error {
	digest, err := digestOf(kind, network, body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadSignature, err)
	}
	return verifyDigest(public, sigHex, digest)
}

func verifyDigest(public *ecdsa.PublicKey, sigHex string, digest [sha256.Size]byte) error {
	if sigHex == "" {
		return fmt.Errorf("%w: empty", ErrBadSignature)
	}
	if len(sigHex) > MaxSignatureLen || !isLowerHex(sigHex) {
		return fmt.Errorf("%w: want at most %d lower-case hex digits", ErrBadSignature, MaxSignatureLen)
	}
	sig, err := hex.DecodeString(sigHex)
	if err != nil {
		return fmt.Errorf("%w: odd number of hex digits", ErrBadSignature)
	}
	if !ecdsa.VerifyASN1(public, digest[:], sig) { // parses DER strictly, refuses trailing bytes
		return fmt.Errorf("%w: it does not verify", ErrBadSignature)
	}
	return nil
}

// parsePublic returns the DER and the key of the one accepted spelling of a P-256 public key.
func parsePublic(publicKeyHex string) ([]byte, *ecdsa.PublicKey, error) {
	if len(publicKeyHex) != PublicKeyLen || !isLowerHex(publicKeyHex) {
		return nil, nil, fmt.Errorf("%w: want %d lower-case hex digits", ErrBadKey, PublicKeyLen)
	}
	spki, err := hex.DecodeString(publicKeyHex)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	if !bytes.HasPrefix(spki, spkiPrefix) {
		return nil, nil, fmt.Errorf("%w: want the SubjectPublicKeyInfo of an uncompressed P-256 point", ErrBadKey)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), spki[len(spkiPrefix):])
	if err != nil {
		return nil, nil, fmt.Errorf("%w: the point is not on P-256", ErrBadKey)
	}
	return spki, public, nil
}

func isLowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
