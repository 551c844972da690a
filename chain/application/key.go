package application

import (
	"encoding/binary"

	"doin.network/node/chain/identity"
	"doin.network/node/chain/streamlet"
	"doin.network/node/chain/vrf"
)

// Key signs for a peer and proves the beacons of its blocks.
type Key interface {
	// Point is the public key, identity.PointBytes bytes.
	Point() []byte
	// Sign returns the signature of a message, identity.SignatureBytes bytes.
	Sign(message []byte) ([]byte, error)
	// Prove returns the VRF's proof, vrf.ProofSize bytes, and output for a message.
	Prove(message []byte) (proof []byte, output ID)
}

// Scheme verifies what keys have made. It is pure: every node comes to the same answers.
type Scheme interface {
	// Peer returns the id of a public key.
	Peer(point []byte) (id string, err error)
	Verify(point, message, signature []byte) error
	// Output returns the output that a proof of a key proves for a message.
	Output(point, message, proof []byte) (ID, error)
}

// P256 is the scheme of networks: ECDSA and ECVRF on P-256 (chain/identity, chain/vrf).
type P256 struct{}

// Peer is identity.PointID.
func (P256) Peer(point []byte) (string, error) { return identity.PointID(point) }

// Verify is identity.VerifyMessage.
func (P256) Verify(point, message, signature []byte) error {
	return identity.VerifyMessage(point, message, signature)
}

// Output is vrf.Verify.
func (P256) Output(point, message, proof []byte) (ID, error) {
	out, err := vrf.Verify(identity.Compressed(point), message, proof)
	if err != nil {
		return ID{}, err
	}
	return ID(out), nil
}

// IdentityKey is a Key of a node's identity.
type IdentityKey struct {
	key *identity.Key
	vrf *vrf.Key
}

// NewKey returns the Key of an identity.
func NewKey(key *identity.Key) (*IdentityKey, error) {
	v, err := key.VRF()
	if err != nil {
		return nil, err
	}
	return &IdentityKey{key, v}, nil
}

// Point is the identity's.
func (k *IdentityKey) Point() []byte { return k.key.Point() }

// Sign is identity.Key.SignMessage.
func (k *IdentityKey) Sign(message []byte) ([]byte, error) { return k.key.SignMessage(message) }

// Prove is vrf.Key.Prove.
func (k *IdentityKey) Prove(message []byte) (proof []byte, output ID) {
	proof, out := k.vrf.Prove(message)
	return proof, ID(out)
}

// preimage begins every text that is signed, proved or hashed: "doin/2\n" kind "\n" network id "\n".
func preimage(kind, network string) []byte { return []byte("doin/2\n" + kind + "\n" + network + "\n") }

// blockMessage is what a block's leader and who certifies it sign: slot u64 · id, behind the pre-image of kind "block".
func blockMessage(network string, slot int64, block streamlet.ID) []byte {
	return append(binary.BigEndian.AppendUint64(preimage("block", network), uint64(slot)), block[:]...)
}

// beaconMessage is what a block's leader proves its beacon of: the parent's beacon, behind the pre-image of kind "beacon".
func beaconMessage(network string, parent ID) []byte {
	return append(preimage("beacon", network), parent[:]...)
}

var (
	_ Scheme = P256{}
	_ Key    = (*IdentityKey)(nil)
)
