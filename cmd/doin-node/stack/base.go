package stack

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/internal/filesystem"
	"doin.network/node/net/transport"
	"doin.network/node/net/web"
)

// Version is the programs' version.
const Version = "0.1.0"

// ErrOtherNetwork is wrapped by errors about a data directory that holds another network's chain.
var ErrOtherNetwork = errors.New("data directory belongs to another network")

// MetaNetwork is the store's record of the network that its chain belongs to.
const MetaNetwork = "network"

// Base is what a node has before it has a chain: its configuration, its key and its port.
type Base struct {
	Config *config.Config
	Log    *slog.Logger
	Now    func() time.Time
	Key    *identity.Key
	Port   int
	// Journal has the newest lines of Log.
	Journal *web.Journal

	listener net.Listener
}

// Open makes the data directory and opens key and port. With Config.ResetChain it deletes the chain, but
// not before the port is ours: a node that still runs keeps its files.
func Open(cfg *config.Config, log *slog.Logger) (*Base, error) { return OpenAs(cfg, log, nil) }

// OpenAs is Open with a key that was loaded before, nil: the configuration's.
func OpenAs(cfg *config.Config, log *slog.Logger, key *identity.Key) (_ *Base, err error) {
	if err := checkDisk(cfg, filesystem.Network); err != nil {
		return nil, err
	}
	b := &Base{Config: cfg, Now: time.Now, Journal: web.NewJournal(journalLines)}
	b.Log = slog.New(b.Journal.Handler(log.Handler()))
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if b.Key = key; key == nil {
		if b.Key, err = b.loadKey(); err != nil {
			return nil, err
		}
	}
	if b.listener, err = transport.Listen(net.JoinHostPort(cfg.Network.Host, strconv.Itoa(cfg.Network.Port))); err != nil {
		return nil, err
	}
	b.Port = b.listener.Addr().(*net.TCPAddr).Port
	if cfg.ResetChain {
		if err := b.reset(); err != nil {
			b.Close()
			return nil, err
		}
	}
	return b, nil
}

// Close frees the port.
func (b *Base) Close() { b.listener.Close() }

// Path returns a file of the data directory.
func (b *Base) Path(name string) string { return filepath.Join(b.Config.DataDir, name) }

// Roles returns the configured domains that can be run here; of the others the log says why not.
func (b *Base) Roles() (out []config.Domain) {
	for _, d := range b.Config.Domains {
		if reason := d.Unavailable(); reason != "" {
			b.Log.Warn("domain has no role here", "domain", d.ID, "reason", reason)
			continue
		}
		out = append(out, d)
	}
	return out
}

// loadKey reads or makes the node's key. With a seed and without a file it is a function of the seed: simulation
// only.
func (b *Base) loadKey() (*identity.Key, error) {
	path := b.Config.IdentityPath()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && b.Config.Seed != nil {
		b.Log.Warn("the key comes from the configured seed: anybody can make it, for simulation only")
		return identity.FromSeed(fmt.Sprintf("doin seed %d", *b.Config.Seed))
	}
	key, err := keys.OpenOrCreate(b.Config)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return key, keys.Forget()
}

// reset deletes the chain, with the genesis file that this node made for itself alone and the anchors, and says what; key, search state, models and
// records stay.
func (b *Base) reset() error {
	paths := []string{b.Config.StorePath(), b.Path("anchors.log")}
	if b.Config.GenesisFile == "" && !b.shared(b.Path("genesis.json")) {
		paths = append(paths, b.Path("genesis.json"))
	}
	for _, p := range paths {
		if _, err := os.Lstat(p); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := os.RemoveAll(p); err != nil {
			return fmt.Errorf("reset chain: %w", err)
		}
		b.Log.Warn("deleted, as --reset-chain asks for", "path", p)
	}
	return nil
}

// shared reports whether a genesis file is that of a network which others know: it has other evaluators, or was made to be joined.
func (b *Base) shared(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	g, err := chain.ParseGenesis(data)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(g.Evaluators, func(e chain.Evaluator) bool { return e.PeerID != b.Key.PeerID() }) ||
		slices.ContainsFunc(g.Domains, func(d chain.Domain) bool { return d.Config != nil })
}

// SetAside renames files that cannot be read, so that the node can start with new ones, and says so. The first names the others;
// those that are not there are left out.
func (b *Base) SetAside(reason error, paths ...string) error {
	old := paths[0] + ".damaged-" + b.Now().UTC().Format("20060102T150405.000000")
	for _, p := range paths {
		to := old + strings.TrimPrefix(p, paths[0])
		if err := os.Rename(p, to); errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return errors.Join(reason, err)
		}
		b.Log.Error("file is damaged: it was set aside, and a new one begins", "file", p, "moved_to", to, "err", reason)
	}
	return nil
}

// OpenStore opens the chain's store.
func (b *Base) OpenStore() (*store.Store, error) {
	st, err := store.Open(b.Config.StorePath(), store.Options{Logger: b.Log})
	return st, b.StoreError(err)
}

// StoreError says what can be done about a store that cannot be opened.
func (b *Base) StoreError(err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("chain store %s: %w", b.Config.StorePath(), err)
	if errors.Is(err, store.ErrCorrupt) {
		err = fmt.Errorf("%w (start with --reset-chain to fetch the chain from peers again; the key is kept)", err)
	}
	return err
}

// Claim notes that a store belongs to a network, or fails with ErrOtherNetwork if it belongs to another. Damage that the
// store has found is logged.
func Claim(st *store.Store, network string, log *slog.Logger) error {
	held, err := st.Meta(MetaNetwork)
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = st.PutMeta(MetaNetwork, []byte(network))
	case err == nil && string(held) != network:
		err = fmt.Errorf("%w: it holds %.12s, this one is %.12s (start with --reset-chain to begin anew)", ErrOtherNetwork, held, network)
	}
	if damage := st.Damage(); err == nil && damage != nil {
		log.Error("blocks are missing on the disk and will be fetched from peers", "err", damage)
	}
	return err
}
