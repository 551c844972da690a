package discovery

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

var (
	// ErrChallenge is returned by Self and PeersObject for a challenge that is
	// not 32 lower-case hex digits.
	ErrChallenge = errors.New("challenge must be 32 lower-case hex digits")
	// ErrNetwork is the reason of a refused peer of another network.
	ErrNetwork = errors.New("peer is of another network")
	// ErrSelf is the reason of a refused endpoint that leads to this node.
	ErrSelf = errors.New("endpoint leads to this node")
	// ErrTwin is the reason of a refused endpoint at which another machine has
	// our key.
	ErrTwin = errors.New("another machine uses this node's key")
	// ErrProof is the reason of a refused peer that did not prove its key.
	ErrProof = errors.New("peer did not prove its key")
)

const challengeLen = 32

func newChallenge() string {
	var b [challengeLen / 2]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func validChallenge(s string) bool {
	if len(s) != challengeLen {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// self returns the "self" object of GET /peers. With a challenge it holds the
// proof that the node owns its key.
func (t *Table) self(challenge string) (*canon.Object, error) {
	o := canon.NewObject(
		"peer_id", t.cfg.Key.PeerID(),
		"port", int64(t.cfg.Port),
		"public_key", t.cfg.Key.PublicKey(),
		"network_id", t.cfg.Network,
	)
	if challenge == "" {
		return o, nil
	}
	if !validChallenge(challenge) {
		return nil, ErrChallenge
	}
	proof, err := t.cfg.Key.Sign(identity.KindChallenge, t.cfg.Network, []byte(challenge))
	if err != nil {
		return nil, fmt.Errorf("sign challenge: %w", err)
	}
	return o.Set("proof", proof), nil
}

// hello is what a peer's answer to /peers says, after verification.
type hello struct {
	id       string
	verified bool
	early    bool // id has earlyIDLen characters
	named    []namedPeer
}

type namedPeer struct {
	id   string
	host string
	port int
}

const (
	maxNamed    = 256 // entries of one answer that are looked at
	maxAccepted = 64  // entries of one answer that are taken into the table
	defaultPort = 8470
)

// readHello checks the answer to a challenge.
func (t *Table) readHello(answer *canon.Object, challenge string) (hello, error) {
	var h hello
	self, err := answer.Object("self")
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if h.id, err = self.String("peer_id"); err != nil || !identity.IsPeerID(h.id) {
		return h, fmt.Errorf("%w: no peer id", ErrProof)
	}
	if h.id == t.cfg.Key.PeerID() {
		return h, t.selfOrTwin(self, challenge)
	}
	network, err := self.StringOr("network_id", "")
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	proof, _ := self.StringOr("proof", "")
	switch {
	case network != t.cfg.Network && (network != "" || !t.cfg.AllowUnproven):
		return h, fmt.Errorf("%w: %.80q", ErrNetwork, network)
	case proof == "" && t.cfg.AllowUnproven:
	default:
		key, _ := self.StringOr("public_key", "")
		err := identity.VerifySender(h.id, key, proof, identity.KindChallenge, t.cfg.Network, []byte(challenge))
		if err != nil {
			return h, fmt.Errorf("%w: %w", ErrProof, err)
		}
		h.verified = true
	}
	h.named = readNamed(answer)
	return h, nil
}

// selfOrTwin says what an answer under our own id is: our own, if it was this node that was asked, another machine's if that
// proves our key, or nothing.
func (t *Table) selfOrTwin(self *canon.Object, challenge string) error {
	t.mu.Lock()
	ours := t.challenges[challenge]
	t.mu.Unlock()
	proof, _ := self.StringOr("proof", "")
	switch {
	case ours:
		return ErrSelf
	case proof == "" && t.cfg.AllowUnproven:
		return ErrSelf
	}
	err := identity.VerifySender(t.cfg.Key.PeerID(), t.cfg.Key.PublicKey(), proof, identity.KindChallenge, t.cfg.Network, []byte(challenge))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return ErrTwin
}

// readNamed takes the well-formed entries of "peers"; the others are skipped,
// since one bad entry says nothing about the rest.
func readNamed(answer *canon.Object) []namedPeer {
	list, err := answer.List("peers")
	if err != nil {
		return nil
	}
	var out []namedPeer
	for _, v := range list[:min(len(list), maxNamed)] {
		o, ok := v.(*canon.Object)
		if !ok {
			continue
		}
		host, err1 := o.String("address")
		port, err2 := o.IntOr("port", defaultPort)
		id, err3 := o.StringOr("peer_id", "")
		if err1 != nil || err2 != nil || err3 != nil || port < 1 || port > 65535 {
			continue
		}
		out = append(out, namedPeer{id: id, host: host, port: int(port)})
	}
	return out
}
