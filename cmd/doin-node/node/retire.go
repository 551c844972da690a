package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/stack"
)

// metaFormat is the store's record of the protocol and the format of its chain. A store without it is of protocol 1,
// format 0.
const metaFormat = "format"

// format is the pair that this program writes in networks of protocol 1, certifiedFormat in those of protocol 2.
func format() string { return fmt.Sprintf("%d %d", chain.Protocol, chain.Format) }

func certifiedFormat() string { return fmt.Sprintf("%d %d", chain.Certified, chain.CertifiedFormat) }

// openStore opens the chain on the disk. One of another protocol or format is moved out of the way first, with what belongs to
// it alone: the genesis file that this node made, and the anchors. Key, records, search state and champions stay. Nothing is
// migrated.
func openStore(b *stack.Base) (*store.Store, error) {
	options := store.Options{Logger: b.Log.With("component", "store")}
	st, err := store.Open(b.Config.StorePath(), options)
	if err != nil {
		return nil, err
	}
	held, err := formatOf(st)
	if err == nil && (held == format() || held == certifiedFormat()) {
		return st, nil
	}
	if err = errors.Join(err, st.Close()); err != nil {
		return nil, err
	}
	old, err := retire(b)
	if err != nil {
		return nil, err
	}
	b.Log.Warn("the stored chain is of another protocol or format: it was moved aside and a new one begins",
		"found", held, "wanted", format(), "moved_to", old)
	return store.Open(b.Config.StorePath(), options)
}

// retire moves the chain aside and returns where it is now.
func retire(b *stack.Base) (string, error) {
	old, err := freePath(b.Path("chain.old-"))
	if err != nil {
		return "", err
	}
	if err := os.Rename(b.Config.StorePath(), old); err != nil {
		return "", err
	}
	beside := []string{b.Path("anchors.log")}
	if b.Config.GenesisFile == "" {
		beside = append(beside, b.Path("genesis.json"))
	}
	for _, p := range beside {
		if err := os.Rename(p, filepath.Join(old, filepath.Base(p))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return old, nil
}

// formatOf reads the pair of a store; that of a store without blocks is this program's.
func formatOf(st *store.Store) (string, error) {
	held, err := st.Meta(metaFormat)
	switch {
	case err == nil:
		return string(held), nil
	case !errors.Is(err, store.ErrNotFound):
		return "", err
	}
	if height, _ := st.Tip(); height < 0 {
		return format(), nil
	}
	return "1 0", nil
}

// maxOld bounds the chains that stay beside a node's own.
const maxOld = 1000

// freePath returns the first free name that begins so and ends in a number.
func freePath(prefix string) (string, error) {
	for i := 1; i <= maxOld; i++ {
		p := prefix + strconv.Itoa(i)
		if _, err := os.Lstat(p); errors.Is(err, fs.ErrNotExist) {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s1 to %s%d exist: move some of them away", prefix, prefix, maxOld)
}
