package archive

import (
	"fmt"

	"doin.network/node/chain/replica"
	"doin.network/node/chain/state"
	"doin.network/node/chain/store"
)

var _ replica.Disk = Disk{}

// Disk is a store as chain/replica reads it.
type Disk struct{ *store.Store }

// Blocks implements replica.Disk.
func (d Disk) Blocks(from int64, f func([]byte) error) error {
	return d.CertifiedFrom(from, func(b store.Certified) error { return f(b.Data) })
}

// Final implements replica.Disk.
func (d Disk) Final(height int64) ([]byte, error) {
	list, err := d.CertifiedAt(height)
	switch {
	case err != nil:
		return nil, err
	case len(list) != 1:
		return nil, fmt.Errorf("%w: %d blocks of height %d", store.ErrNotFound, len(list), height)
	}
	return list[0].Data, nil
}

// State implements replica.Disk.
func (d Disk) State(block [32]byte) (*state.Tree, error) { return d.Tree(block) }

// Notes implements replica.Disk.
func (d Disk) Notes() (map[string][]byte, error) { return d.Store.Notes("") }
