package champion

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/replica"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/canon"
)

// Options say where a node's results are, and what else data files are to be.
type Options struct {
	// ConfigPath is the node's configuration file. Empty: node.json of DataDir or, in the directory of a network that
	// "doin-node local" made, that of its first node.
	ConfigPath string
	// DataDir is the node's data directory, or that of a local network. Empty: what the configuration says.
	DataDir string
	// Data takes the place of the data file of every domain, where it is not empty.
	Data string
	// Version is the program's, for files.
	Version string
	// Logger gets what a worker says; nil for none.
	Logger *slog.Logger
}

// ErrNowhere is returned by Open where neither a configuration nor a data directory is named.
var ErrNowhere = errors.New("name the node: --data-dir DIRECTORY (of the node, or of doin-node local), or --config FILE")

// Source is one node's results. It is for one goroutine; Close it.
type Source struct {
	Config  *config.Config
	Genesis *chain.Genesis

	log           *slog.Logger
	data, version string
	blocks        blocks
	node          *node // nil: none runs
}

// blocks is a chain to be read: a disk, or a node that is asked.
type blocks interface {
	// read returns blocks from a height on, some of them, none at its end.
	read(ctx context.Context, from int64) ([]*chain.Block, error)
	// metrics returns what the node has measured of an accepted claim of a certified chain, nil if that is not told.
	metrics(ctx context.Context, id string) (*canon.Object, error)
	close() error
}

// Open finds configuration, genesis file and chain. A node that holds the store is asked; where it does not answer, the error
// says so.
func Open(ctx context.Context, o Options) (*Source, error) {
	cfg, err := o.config()
	if err != nil {
		return nil, err
	}
	s := &Source{Config: cfg, log: o.Logger, data: o.Data, version: o.Version}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.Genesis, err = genesis(cfg); err != nil {
		return nil, err
	}
	if err := terms.Apply(cfg, s.Genesis); err != nil {
		return nil, err
	}
	st, err := openStore(cfg.StorePath(), s.log)
	switch {
	case err == nil:
		s.blocks = disk{st}
		return s, nil
	case errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("%w: no node has run there yet", err)
	case !errors.Is(err, store.ErrLocked):
		return nil, err
	}
	endpoint := net.JoinHostPort(reachable(cfg.Network.Host), strconv.Itoa(cfg.Network.Port))
	if s.node, err = ask(ctx, endpoint, s.Genesis.NetworkID()); err != nil {
		return nil, fmt.Errorf("a node holds %s, but %s does not answer as that node: %w", cfg.StorePath(), endpoint, err)
	}
	s.blocks = s.node
	return s, nil
}

// Close frees the store.
func (s *Source) Close() error { return s.blocks.close() }

// Running is the address of the node that answers, "" where none runs.
func (s *Source) Running() string {
	if s.node == nil {
		return ""
	}
	return s.node.endpoint
}

// config loads the configuration. A node.json that was found in a data directory is that directory's, wherever it was when the node
// wrote its paths.
func (o *Options) config() (*config.Config, error) {
	path, dir := o.ConfigPath, o.DataDir
	if path == "" && dir == "" {
		return nil, ErrNowhere
	}
	if path == "" {
		if first := filepath.Join(dir, "node-0"); !exists(filepath.Join(dir, "node.json")) && exists(filepath.Join(first, "node.json")) {
			dir = first
		}
		if path = filepath.Join(dir, "node.json"); !exists(path) {
			return nil, fmt.Errorf("%s holds no node.json: name the node's configuration too, --config FILE", o.DataDir)
		}
	}
	cfg, _, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		cfg.DataDir = dir
	}
	if moved := filepath.Join(o.DataDir, "genesis.json"); dir != "" && cfg.GenesisFile != "" && !exists(cfg.GenesisFile) && exists(moved) {
		cfg.GenesisFile = moved
	}
	return cfg, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// genesis reads the node's genesis file: the one it joins, or the one it made for itself.
func genesis(cfg *config.Config) (*chain.Genesis, error) {
	path := cfg.GenesisPath()
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("genesis file: %w", err)
	}
	g, err := chain.ParseGenesis(data)
	if err == nil {
		err = g.CheckFormat()
	}
	if err != nil {
		return nil, fmt.Errorf("genesis file %s: %w", path, err)
	}
	return g, nil
}

// openStore opens a chain for reading. One that was not closed is repaired first.
func openStore(dir string, log *slog.Logger) (*store.Store, error) {
	st, err := store.OpenReadOnly(dir)
	if !errors.Is(err, store.ErrUnclean) {
		return st, err
	}
	log.Info("the chain was not closed cleanly: it is repaired first", "store", dir)
	if st, err = store.Open(dir, store.Options{Logger: log}); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return store.OpenReadOnly(dir)
}

// disk is a store as blocks.
type disk struct{ *store.Store }

func (d disk) read(_ context.Context, from int64) ([]*chain.Block, error) {
	return d.Blocks(from, from+store.MaxBlocks-1)
}

func (d disk) metrics(_ context.Context, id string) (*canon.Object, error) {
	data, err := d.Note(replica.ChampionNote(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return nil, err
	}
	return o.ObjectOr("metrics", nil)
}

func (d disk) close() error { return d.Close() }

// reachable turns an address to listen on into one to call.
func reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

// peer returns the node's id, "" where its key cannot be read.
func (s *Source) peer() string {
	key, err := identity.Load(s.Config.IdentityPath())
	if err != nil {
		return ""
	}
	return key.PeerID()
}
