package join

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/cmd/doin-node/stack/workers"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/compute/worker"
	"doin.network/node/net/join"
	"doin.network/node/net/transport"
)

// Founding says what network is made.
type Founding struct {
	Config *config.Config
	// Wait is how many other evaluators are waited for, from 0 to join.MaxWait.
	Wait int
	// Evaluators are the peer ids of these others, Wait of them; where there are none, the first to come are taken.
	Evaluators []string
	// Genesis makes a genesis file of a configuration.
	Genesis func(cfg *config.Config, evaluators []chain.Evaluator, start time.Time) *chain.Genesis
	// Command is how the program was called.
	Command string
	Out     io.Writer
	Log     *slog.Logger
}

// Found makes the genesis file of a network from a configuration, and waits for its evaluators. One that is there already is kept.
func Found(ctx context.Context, f Founding) error {
	if f.Wait < 0 || f.Wait > join.MaxWait {
		return fmt.Errorf("%w: --wait %d: must be from 0 to %d", ErrRefused, f.Wait, join.MaxWait)
	}
	if err := f.named(); err != nil {
		return err
	}
	path := f.Config.GenesisPath()
	old, err := held(path)
	if err != nil {
		return err
	}
	if old != nil {
		fmt.Fprintf(f.Out, "%s is there already: network %s goes on\n", path, old.NetworkID())
		return nil
	}
	if len(f.Config.Domains) == 0 {
		return fmt.Errorf("%w: the configuration has no domains to make a network of", ErrRefused)
	}
	if err := os.MkdirAll(f.Config.DataDir, 0o755); err != nil {
		return err
	}
	key, err := keys.OpenOrCreate(f.Config)
	if err != nil {
		return err
	}
	if slices.Contains(f.Evaluators, key.PeerID()) {
		return fmt.Errorf("%w: --evaluators: %s is this machine's own node, which is one without being named", ErrRefused, key.PeerID())
	}
	draft, err := f.draft(ctx)
	if err != nil {
		return err
	}
	evaluators := []chain.Evaluator{{PeerID: key.PeerID(), PublicKey: key.PublicKey()}}
	if f.Wait > 0 {
		if evaluators, err = f.gather(ctx, draft, evaluators[0]); err != nil {
			return err
		}
	} else if !draft.Parameters.Solo {
		fmt.Fprintln(f.Out, `one evaluator and "solo" false: claims are accepted when others have registered; --wait N makes a network with N others from the start`)
	}
	g := *draft
	g.Evaluators = evaluators
	if err := g.Validate(); err != nil {
		return err
	}
	if err := save(path, &g); err != nil {
		return err
	}
	fmt.Fprintf(f.Out, "network %s, %s: %s\n", g.NetworkID(), plural(len(g.Evaluators), "evaluator"), path)
	return nil
}

// named checks the ids of the other evaluators, and waits for as many of them as there are.
func (f *Founding) named() error {
	for n, id := range f.Evaluators {
		if !identity.IsPeerID(id) {
			return fmt.Errorf("%w: --evaluators: %.80q is no node's id: %d digits and letters a to f, which doin-node init says on each machine",
				ErrRefused, id, identity.PeerIDLen)
		}
		if slices.Contains(f.Evaluators[:n], id) {
			return fmt.Errorf("%w: --evaluators: %s stands there twice", ErrRefused, id)
		}
	}
	most := len(f.Evaluators)
	if most > 0 && f.Wait != 0 && f.Wait != most || most > join.MaxWait {
		return fmt.Errorf("%w: --evaluators names %d, --wait says %d: leave --wait out, and name at most %d", ErrRefused, most, f.Wait, join.MaxWait)
	}
	f.Wait = max(f.Wait, most)
	return nil
}

// Entry makes the genesis entry of the one domain of a configuration with a part in it, as its program and its files are now, and copies
// the files to where a data directory keeps those of its network. make is Founding's Genesis.
func Entry(ctx context.Context, cfg *config.Config, dataDir string, make func(*config.Config, []chain.Evaluator, time.Time) *chain.Genesis, log *slog.Logger) (chain.Domain, error) {
	if len(cfg.Domains) != 1 || !cfg.Domains[0].Active() {
		return chain.Domain{}, fmt.Errorf("%w: %s has %s: want one, with optimize or evaluate true", ErrRefused, cfg.Path, plural(len(cfg.Domains), "domain"))
	}
	g, err := (&Founding{Config: cfg, Genesis: make, Out: io.Discard, Log: log}).draft(ctx)
	if err != nil {
		return chain.Domain{}, err
	}
	for _, h := range terms.Files(cfg, g) {
		if err := keep(h, terms.Place(dataDir, h.File)); err != nil {
			return chain.Domain{}, err
		}
	}
	return g.Domains[0], nil
}

// keep copies a file of the network to its place, unless it is there.
func keep(h terms.Held, place string) error {
	there := h
	there.Path = place
	if there.Check() == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	from, err := os.Open(h.Path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(place), ".copy-*")
	if err != nil {
		return err
	}
	defer os.Remove(to.Name())
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return err
	}
	return os.Rename(to.Name(), place)
}

// draft makes the genesis file without evaluators: what the domains' programs find in the data is bound by it.
func (f *Founding) draft(ctx context.Context) (*chain.Genesis, error) {
	g := f.Genesis(f.Config, nil, time.Now())
	if most := max(f.Wait, 1); g.Parameters.QuorumMinEvaluators > most && f.Wait > 0 {
		fmt.Fprintf(f.Out, "quorum_min_evaluators is %d: %d instead, as many as can judge another's claim\n", g.Parameters.QuorumMinEvaluators, most)
		g.Parameters.QuorumMinEvaluators = most
	}
	infos, err := inspect(ctx, f.Config, f.Log)
	if err != nil {
		return nil, err
	}
	for i := range g.Domains {
		d, entry := &f.Config.Domains[i], &g.Domains[i]
		info, known := infos[d.ID]
		if !known {
			continue
		}
		if entry.Config, entry.Files, err = terms.Bind(d, info.Defaults); err != nil {
			return nil, err
		}
		entry.DataHash = info.DataHash
		if !chain.IsHash(entry.DataHash) {
			entry.DataHash = "" // a program's own kind of name
		}
	}
	return g, g.Validate()
}

// inspect has the configured domains loaded by their programs, once, and returns what these say of them.
func inspect(ctx context.Context, cfg *config.Config, log *slog.Logger) (_ map[string]worker.Info, err error) {
	w, err := workers.Find(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	defer func() {
		stop()
		if rerr := <-ended; err == nil && rerr != nil && !errors.Is(rerr, context.Canceled) {
			err = rerr
		}
	}()
	infos := map[string]worker.Info{}
	for i, d := range cfg.Domains {
		if !d.Active() {
			continue
		}
		if missing := w.State().Missing; missing != nil && !w.Has(d.ID) {
			return nil, fmt.Errorf("%w: domain %q: %w", ErrRefused, d.ID, missing)
		}
		info, err := w.Configure(ctx, d)
		if err != nil {
			return nil, fmt.Errorf("domains[%d].optimization_config of %q: %w", i, d.ID, err)
		}
		infos[d.ID] = info
	}
	return infos, nil
}

// gather listens until all have come.
func (f *Founding) gather(ctx context.Context, draft *chain.Genesis, own chain.Evaluator) ([]chain.Evaluator, error) {
	limits, n := &f.Config.Limits, &f.Config.Network
	ln, err := transport.Listen(net.JoinHostPort(n.Host, strconv.Itoa(n.Port)))
	if err != nil {
		return nil, err
	}
	room := join.NewRoom(draft, own, join.Invitation{
		Wait: f.Wait, Only: f.Evaluators,
		Came: func(e chain.Evaluator, host string, have int) {
			fmt.Fprintf(f.Out, "evaluator %d of %d: %s at %s\n", have, f.Wait+1, e.PeerID, host)
		},
		Refused: func(peerID, host string) {
			fmt.Fprintf(f.Out, "refused: %s at %s, which --evaluators does not name\n", peerID, host)
		},
	})
	sc := transport.DefaultServerConfig()
	sc.MaxBodyBytes, sc.MaxConns, sc.MaxConnsPerIP = join.MaxRequestBytes, limits.MaxConnections, limits.MaxPerAddress
	server, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- transport.NewServer(sc, room.Serve).Run(server, ln) }()
	fmt.Fprintf(f.Out, "waiting for %s; on each of them:  %s join HOST:%d  (HOST is this machine", plural(f.Wait, "machine"), f.Command, ln.Addr().(*net.TCPAddr).Port)
	for _, a := range addresses() {
		fmt.Fprintf(f.Out, ", %s", a)
	}
	fmt.Fprintln(f.Out, ")")
	evaluators, err := room.Wait(ctx)
	stop()
	return evaluators, errors.Join(err, <-served)
}

// addresses are this machine's, as others could call it.
func addresses() (out []string) {
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			out = append(out, n.IP.String())
		}
	}
	return out
}
