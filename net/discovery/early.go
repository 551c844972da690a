package discovery

import (
	"context"
	"fmt"
	"strings"

	"doin.network/node/chain/identity"
)

// earlyIDLen is the part of its id that a node of the reference's first revision shows.
const earlyIDLen = 12

// Short reports whether ID is only the beginning of the id.
func (p Peer) Short() bool { return p.Early && len(p.ID) == earlyIDLen }

// askEarly takes the name of a node whose /peers has no "self" from its /status. It names no peers.
func (t *Table) askEarly(ctx context.Context, n Namer, endpoint string) (hello, error) {
	status, err := n.Status(ctx, endpoint)
	if err != nil {
		return hello{}, err
	}
	id, err := status.String("peer_id")
	if err != nil || len(id) != earlyIDLen || !identity.IsPeerID(id+strings.Repeat("0", len(t.cfg.Key.PeerID())-earlyIDLen)) {
		return hello{}, fmt.Errorf("%w: neither /peers nor /status names it", ErrProof)
	}
	if strings.HasPrefix(t.cfg.Key.PeerID(), id) {
		return hello{}, ErrSelf
	}
	return hello{id: id, early: true}, nil
}

// nameEarly gives an Early peer the whole of its name, and reports whether id is one's. The caller holds mu.
func (t *Table) nameEarly(id string) (named bool) {
	if !identity.IsPeerID(id) {
		return false
	}
	for _, r := range t.records {
		if r.Short() && strings.HasPrefix(id, r.ID) {
			r.ID = id
		}
		named = named || r.Early && r.ID == id
	}
	return named
}
