package p2p

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"doin.network/node/chain/identity"
)

// errKey is the reason why a peer whose key is none of ours is not listed.
var errKey = errors.New("p2p: peer's key is not on P-256")

// hostKey returns a node's key as libp2p's.
func hostKey(k *identity.Key) (crypto.PrivKey, error) {
	text, err := k.PEM()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("p2p: read key: %w", err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("p2p: key is a %T", parsed)
	}
	key, _, err := crypto.ECDSAKeyPairFromKey(private)
	return key, err
}

// nodeID returns our peer id of a key that a handshake has shown.
func nodeID(key crypto.PubKey) (string, error) {
	if key == nil {
		return "", errKey
	}
	raw, err := key.Raw() // of an ECDSA key its SubjectPublicKeyInfo
	if err != nil {
		return "", fmt.Errorf("%w: %w", errKey, err)
	}
	id, err := identity.PeerID(hex.EncodeToString(raw))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errKey, err)
	}
	return id, nil
}

// HostID returns the id by which libp2p knows the holder of a key, as it stands in multiaddresses.
func HostID(k *identity.Key) (string, error) {
	key, err := hostKey(k)
	if err != nil {
		return "", err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("p2p: id of key: %w", err)
	}
	return id.String(), nil
}
