package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/replica"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/recovery"
	"doin.network/node/cmd/doin-node/stack"
)

// ErrRuns is matched by the error for a node that runs.
var ErrRuns = errors.New("the node runs")

// Recovered returns a network as the recovery file of a data directory makes it; without one it is the network itself.
func Recovered(net *application.Network, dir string) (*application.Network, error) {
	file, err := recovery.Read(dir)
	if file == nil || err != nil {
		return net, err
	}
	out, err := net.Recover(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, recovery.Name), err)
	}
	return out, nil
}

// A Node is where a node's files are that does not run.
type Node struct {
	Dir     string // data directory
	Store   string // the chain's
	Genesis string // file
}

// Place says where a network stands by what one node has: its last final block, who signs, and who is registered beside them. Those are whom
// a recovery can name.
type Place struct {
	Network   string   `json:"network_id"`
	Height    int64    `json:"height"`
	Block     string   `json:"block"`
	Electors  []string `json:"electorate"`
	Others    []string `json:"registered_beside"`
	Recovered int      `json:"recoveries"`
}

// open opens a node's chain as the machine has it.
func (n Node) open(do func(file *chain.Genesis, net *application.Network, st *store.Store) error) (err error) {
	text, err := os.ReadFile(n.Genesis)
	if err != nil {
		return fmt.Errorf("genesis file: %w", err)
	}
	file, err := chain.ParseGenesis(text)
	if err != nil {
		return err
	}
	if file.Protocol != chain.Certified {
		return ErrProtocol
	}
	g, err := application.Of(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(n.Dir, 0o755); err != nil {
		return err
	}
	st, err := store.Open(n.Store, store.Options{})
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%w: stop it first: %w", ErrRuns, err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(file, application.NewNetwork(g, application.P256{}), st)
}

// machine is a node's, to be looked at: it never steps, so that it needs no key of anybody's.
func machine(file *chain.Genesis, net *application.Network, st *store.Store) (*replica.Machine, error) {
	key, err := identity.Generate()
	if err != nil {
		return nil, err
	}
	return replica.New(replica.DefaultConfig(), file, net, key, Disk{st})
}

// Look says where a network stands.
func (n Node) Look() (p *Place, err error) {
	err = n.open(func(file *chain.Genesis, net *application.Network, st *store.Store) error {
		net, err := Recovered(net, n.Dir)
		if err != nil {
			return err
		}
		m, err := machine(file, net, st)
		if err != nil {
			return err
		}
		p = &Place{Network: net.NetworkID(), Recovered: net.Recoveries()}
		p.Height, p.Block = m.FinalBlock()
		p.Electors, p.Others = m.Electors()
		return nil
	})
	return p, err
}

// Recover has the network go on from the last final block of a node, signed by evaluators from then on, and has this node take part. It
// returns the recovery file, which is in the data directory then and has to be taken by every other node (Take).
func (n Node) Recover(ctx context.Context, evaluators []string) (file *application.Recoveries, err error) {
	err = n.open(func(genesis *chain.Genesis, net *application.Network, st *store.Store) error {
		old, err := recovery.Read(n.Dir)
		if err != nil {
			return err
		}
		before, err := net.Recover(old)
		if err != nil {
			return err
		}
		m, err := machine(genesis, before, st)
		if err != nil {
			return err
		}
		var nonce [16]byte
		if _, err := rand.Read(nonce[:]); err != nil {
			return err
		}
		x, err := m.Propose(evaluators, nonce)
		if err != nil {
			return err
		}
		file = &application.Recoveries{Network: net.NetworkID(), List: []application.Recovery{*x}}
		if old != nil {
			file.List = append(old.List, *x)
		}
		return n.take(ctx, net, st, file, true)
	})
	return file, err
}

// Take has a node take part in a recovery that another one has made, by its file. A node that has taken part already is left as it is.
func (n Node) Take(ctx context.Context, data []byte) (file *application.Recoveries, err error) {
	if file, err = application.ParseRecoveries(data); err != nil {
		return nil, err
	}
	err = n.open(func(_ *chain.Genesis, net *application.Network, st *store.Store) error {
		return n.take(ctx, net, st, file, false)
	})
	return file, err
}

// take puts the file into the data directory, and what it means for the node's promises into its store: these last, so that a node which
// has stopped between the two does not start.
func (n Node) take(ctx context.Context, net *application.Network, st *store.Store, file *application.Recoveries, made bool) error {
	net, err := net.Recover(file)
	if err != nil {
		return err
	}
	notes, err := replica.Recover(net, Disk{st}, made)
	if err != nil {
		return err
	}
	if err := stack.WriteFile(filepath.Join(n.Dir, recovery.Name), file.Encode()); err != nil {
		return err
	}
	return st.Keep(ctx, store.Promise{Notes: stored(notes)})
}

// stored are notes as the store takes them.
func stored(notes []protocol.Note) (out []store.Note) {
	for _, n := range notes {
		out = append(out, store.Note(n))
	}
	return out
}

// Forgotten are the notes of a store that knows nothing of what its node has signed in a network.
func Forgotten(net *application.Network) []store.Note {
	return stored(append(replica.Era(net), replica.Forgotten()))
}
