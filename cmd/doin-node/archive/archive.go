// Package archive takes care of a node's certified chain while the node does not run. It moves it between its store and one file
// (chain/application's archive): out of a store, and, verified block by block, into a new data directory. And it has a network that stopped
// for good go on, and nodes take part in that (Node).
package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"doin.network/node/chain/application"
	"doin.network/node/chain/replica"
	"doin.network/node/chain/store"
	"doin.network/node/chain/streamlet"
	"doin.network/node/cmd/doin-node/recovery"
	"doin.network/node/cmd/doin-node/stack"
)

// ErrProtocol is wrapped by errors about a chain that is none of protocol 2: only such a chain proves itself.
var ErrProtocol = errors.New("the chain is not of protocol 2")

// Export writes what is final of a store's chain, with the genesis file that it belongs to, and returns the last height.
func Export(st *store.Store, genesis []byte, to io.Writer) (height int64, err error) {
	if _, err := application.ParseGenesis(genesis); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	height, _ = st.Tip()
	last, err := certificate(st, height)
	if err != nil {
		return 0, err
	}
	var fault error
	blocks := func(yield func(*application.Wire) bool) {
		for h := int64(1); h <= height; h++ {
			w, err := final(st, h)
			if err != nil {
				fault = err
				return
			}
			if !yield(w) {
				return
			}
		}
	}
	err = application.Export(to, genesis, blocks, last)
	return height, errors.Join(fault, err)
}

// ExportDir is Export of a data directory in which no node runs. That of a node of a local network has its genesis file above it.
func ExportDir(dir string, to io.Writer) (height int64, err error) {
	file := filepath.Join(dir, "genesis.json")
	if above := filepath.Join(filepath.Dir(filepath.Clean(dir)), "genesis.json"); !exists(file) && exists(above) {
		file = above
	}
	genesis, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("genesis file: %w", err)
	}
	st, err := store.Open(filepath.Join(dir, "chain"), store.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return Export(st, genesis, to)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// final reads the final block of a height.
func final(st *store.Store, height int64) (*application.Wire, error) {
	data, err := Disk{st}.Final(height)
	if err != nil {
		return nil, err
	}
	return application.ParseBlock(data)
}

// certificate returns that of the final block of a height, which a block above it carries; nil where none is stored.
func certificate(st *store.Store, height int64) (*streamlet.Certificate, error) {
	if height < 1 {
		return nil, nil
	}
	w, err := final(st, height)
	if err != nil {
		return nil, err
	}
	id := w.Chain().ID
	above, err := st.CertifiedAt(height + 1)
	if err != nil {
		return nil, err
	}
	for _, b := range above {
		child, err := application.ParseBlock(b.Data)
		if err != nil {
			return nil, err
		}
		if child.Parent == id {
			return child.Certificate, nil
		}
	}
	return nil, nil
}

// batch is how many blocks are stored together.
const batch = 256

// Import reads an archive, verifies all of it, and makes the chain and the genesis file of a data directory, which must have neither.
// Where something is wrong nothing is left. Whoever runs a node there signs nothing before a block is final that is younger than its
// start: its key may have signed what the archive does not hold.
func Import(ctx context.Context, in io.Reader, trusted *application.Checkpoint, recovered *application.Recoveries, dir string) (report *application.Report, err error) {
	path, file := filepath.Join(dir, "chain"), filepath.Join(dir, "genesis.json")
	for _, p := range []string{path, file} {
		if exists(p) {
			return nil, fmt.Errorf("%s is there already: name a new data directory", p)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(dir, ".import-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	var genesis []byte
	if report, genesis, err = load(ctx, in, trusted, recovered, filepath.Join(tmp, "chain")); err != nil {
		return nil, err
	}
	if err := stack.WriteFile(file, genesis); err != nil {
		return nil, err
	}
	if recovered != nil {
		if err := stack.WriteFile(filepath.Join(dir, recovery.Name), recovered.Encode()); err != nil {
			return nil, err
		}
	}
	return report, os.Rename(filepath.Join(tmp, "chain"), path)
}

// load stores the blocks of an archive.
func load(ctx context.Context, in io.Reader, trusted *application.Checkpoint, recovered *application.Recoveries, path string) (report *application.Report, genesis []byte, err error) {
	st, err := store.Open(path, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var blocks []store.Certified
	flush := func() error {
		p := store.Promise{Blocks: blocks}
		blocks = nil
		return errors.Join(ctx.Err(), st.Keep(ctx, p))
	}
	r := application.Reader{Scheme: application.P256{}, Trusted: trusted, Recoveries: recovered,
		Begin: func(text []byte) error {
			genesis = text
			return nil
		},
		Take: func(w *application.Wire, _ *application.Result) error {
			blocks = append(blocks, store.Certified{Height: w.Height, ID: w.Header().ID(), Data: w.Append(nil)})
			if len(blocks) < batch {
				return nil
			}
			return flush()
		}}
	if report, err = r.Import(in); err != nil {
		return nil, nil, err
	}
	g, err := application.ParseGenesis(genesis)
	if err != nil {
		return nil, nil, err
	}
	net, err := application.NewNetwork(g, application.P256{}).Recover(recovered)
	if err != nil {
		return nil, nil, err
	}
	return report, genesis, errors.Join(flush(), st.Keep(ctx, store.Promise{Notes: Forgotten(net)}))
}

// Forget has a restored store forget what its key has promised: the node that it is a copy of may have signed more since. It does
// nothing to a store of another protocol.
func Forget(ctx context.Context, dir string) (err error) {
	st, err := store.Open(filepath.Join(dir, "chain"), store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	forgotten := store.Note(replica.Forgotten())
	if _, err := st.Note(forgotten.Name); errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return st.Keep(ctx, store.Promise{Notes: []store.Note{forgotten}})
}
