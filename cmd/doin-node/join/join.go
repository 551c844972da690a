package join

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/canon"
	"doin.network/node/net/join"
)

// ErrRefused is wrapped by every error that is no fault of a disk or a line: what cannot be joined as it is asked for.
var ErrRefused = errors.New("not joined")

// Bounds of waiting: for a host that does not answer yet, and for the machines that a network waits for.
const (
	hostTime = 2 * time.Minute
	roomTime = 24 * time.Hour
)

// Options say whom to join, and with what.
type Options struct {
	// Host is "host:port" of any node of the network.
	Host string
	// ConfigPath is a configuration of one's own; empty: node.json of the data directory, which is made if there is none.
	ConfigPath string
	// DataDir is the data directory; empty: the configuration's or, without one, DefaultDir.
	DataDir string
	// Port is the node's in place of the configuration's; 0: the configuration's.
	Port int
	// Confirm asks whether to go on; nil: nobody can be asked. Yes goes on without.
	Confirm func(question string) bool
	Yes     bool
	// Out is told what is joined, Log what goes on.
	Out io.Writer
	Log *slog.Logger
	// Patience is how long a host may be silent; 0: two minutes.
	Patience time.Duration
}

// Join makes this machine ready to be a node of the host's network and returns what to run. Nothing is written before the network was
// agreed to. Errors match ErrRefused for what a person has to change, and are others for what may pass.
func Join(ctx context.Context, o Options) (*config.Config, []config.Warning, error) {
	if _, _, err := config.SplitPeer(o.Host); err != nil {
		return nil, nil, fmt.Errorf("%w: %q %w", ErrRefused, o.Host, err)
	}
	s, err := o.open()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	c := join.NewClient()
	defer c.Close()
	offer, err := o.offer(ctx, c, s)
	if err != nil {
		return nil, nil, refusal(err)
	}
	if s.held == nil {
		if err := o.enter(ctx, c, s, offer); err != nil {
			return nil, nil, refusal(err)
		}
	}
	cfg, warnings, err := o.load(s)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := terms.Apply(cfg, s.held); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	endpoints := append([]string{o.Host}, Others(cfg.Network.Bootstrap, cfg.Network.Port)...)
	if err := Fetch(ctx, c, endpoints, cfg, s.held, o.Log); err != nil {
		return nil, nil, refusal(err)
	}
	return cfg, warnings, nil
}

// refusal makes an ErrRefused of what another try would not change.
func refusal(err error) error {
	for _, e := range []error{join.ErrAnswer, join.ErrRefused, terms.ErrTerms} {
		if errors.Is(err, e) && !errors.Is(err, ErrRefused) {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	return err
}

// state is what a data directory is found with.
type state struct {
	dir, configPath string
	own             bool           // the configuration is a person's: it is not written
	object          *canon.Object  // the configuration in the data directory, nil if there is none
	held            *chain.Genesis // nil: it is of no network
	genesisPath     string
}

// open looks at what is there.
func (o *Options) open() (*state, error) {
	s := &state{dir: o.DataDir, configPath: o.ConfigPath, own: o.ConfigPath != ""}
	if !s.own {
		if s.dir == "" {
			s.dir = DefaultDir
		}
		s.configPath = filepath.Join(s.dir, ConfigName)
	}
	var err error
	if s.object, err = readConfig(s.configPath); err != nil {
		return nil, err
	}
	s.genesisPath = filepath.Join(s.dir, "genesis.json")
	if s.object != nil || s.own {
		cfg, _, err := config.Load(s.configPath)
		if err != nil {
			return nil, err
		}
		if s.dir == "" {
			s.dir = cfg.DataDir
		}
		cfg.DataDir = s.dir
		s.genesisPath = cfg.GenesisPath()
	}
	s.held, err = held(s.genesisPath)
	return s, err
}

// offer asks the host, who may be a while away. A directory that is of a network already needs no host.
func (o *Options) offer(ctx context.Context, c *join.Client, s *state) (join.Offer, error) {
	patience := o.Patience
	if patience == 0 {
		patience = hostTime
	}
	end := time.Now().Add(patience)
	for tries := 0; ; tries++ {
		offer, err := c.Offer(ctx, o.Host)
		switch {
		case err == nil && s.held != nil && offer.Draft:
			return offer, fmt.Errorf("%w: %s is of network %s already, and %s is making a new one: name another directory by --data-dir", ErrRefused, s.dir, s.held.NetworkID(), o.Host)
		case err == nil && s.held != nil && offer.Genesis.NetworkID() != s.held.NetworkID():
			return offer, fmt.Errorf("%w: %s is of network %s, %s is of %s: name another directory by --data-dir", ErrRefused, s.dir, s.held.NetworkID(), o.Host, offer.Genesis.NetworkID())
		case err == nil || errors.Is(err, join.ErrAnswer) || errors.Is(err, join.ErrRefused) || ctx.Err() != nil:
			return offer, err
		case s.held != nil:
			o.Log.Warn("the host does not answer: going on with the network that this directory is of", "host", o.Host, "network", s.held.NetworkID(), "err", err)
			return offer, nil
		case time.Now().After(end):
			return offer, fmt.Errorf("%s has not answered within %v; the last try: %w", o.Host, patience, err)
		case tries == 0:
			fmt.Fprintf(o.Out, "%s does not answer yet, trying for %v (%v)\n", o.Host, patience, err)
		}
		if err := pause(ctx, time.Second); err != nil {
			return offer, err
		}
	}
}

// enter shows the network, has it agreed to, and makes the directory one of it.
func (o *Options) enter(ctx context.Context, c *join.Client, s *state, offer join.Offer) error {
	fmt.Fprint(o.Out, Describe(o.Host, offer, s.dir))
	switch {
	case o.Yes:
	case o.Confirm == nil:
		return fmt.Errorf("%w: nobody is there to be asked: --yes joins this network without a question", ErrRefused)
	case !o.Confirm("join this network?"):
		return fmt.Errorf("%w: nothing was written", ErrRefused)
	}
	g := offer.Genesis
	if err := Init(s.dir, "doin-node", io.Discard); err != nil {
		return err
	}
	if offer.Draft {
		cfg, _, err := o.load(s)
		if err != nil {
			return err
		}
		key, err := keys.OpenOrCreate(cfg)
		if err != nil {
			return err
		}
		if g, err = o.wait(ctx, c, key, offer.Genesis); err != nil {
			return err
		}
	}
	s.held = g
	if !s.own && (s.object == nil || !s.object.Has("domains")) {
		if err := o.writeConfig(s); err != nil {
			return err
		}
	}
	return save(s.genesisPath, g) // last: with it the directory has joined
}

// wait takes a place in a room and returns the genesis file that comes of it.
func (o *Options) wait(ctx context.Context, c *join.Client, key *identity.Key, draft *chain.Genesis) (*chain.Genesis, error) {
	if err := c.Request(ctx, o.Host, key, draft); err != nil {
		return nil, err
	}
	fmt.Fprintf(o.Out, "this machine is to be evaluator %s; waiting for the others\n", key.PeerID())
	ctx, cancel := context.WithTimeout(ctx, roomTime)
	defer cancel()
	end := time.Now().Add(hostTime)
	for have := -1; ; {
		offer, err := c.Offer(ctx, o.Host)
		switch {
		case err == nil && !offer.Draft:
			return offer.Genesis, join.Follows(offer.Genesis, draft, key.PeerID())
		case err == nil && offer.Genesis.NetworkID() != draft.NetworkID():
			return nil, fmt.Errorf("%w: %s is making another network now than the one that was shown: join it again", join.ErrAnswer, o.Host)
		case err == nil:
			end = time.Now().Add(hostTime)
			if offer.Have != have {
				have = offer.Have
				fmt.Fprintf(o.Out, "%d of %d evaluators have come\n", have, offer.Want)
			}
		case errors.Is(err, join.ErrAnswer), time.Now().After(end):
			return nil, err // between room and node nobody answers for a moment
		}
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// writeConfig writes the configuration of a directory that has none with domains.
func (o *Options) writeConfig(s *state) error {
	object := s.object
	if object == nil {
		object = plainConfig()
	}
	object.Set("$doc", fmt.Sprintf("A node of network %s, joined at %s. Paths are relative to this file.", s.held.NetworkID(), o.Host)).
		Set("genesis_file", "genesis.json").Set("network_id", s.held.NetworkID()).Set("bootstrap_peers", []any{o.Host})
	if o.Port != 0 {
		object.Set("port", o.Port)
	}
	domains := []any{}
	for i := range s.held.Domains {
		if d := &s.held.Domains[i]; Playable(d) == "" {
			domains = append(domains, canon.NewObject("domain_id", d.ID, "optimize", true, "evaluate", true, "optimization_plugin", d.Plugin,
				"has_synthetic_data", d.HasSyntheticData))
		}
	}
	return writeConfig(s.configPath, object.Set("domains", domains))
}

// load reads the configuration that is to be run.
func (o *Options) load(s *state) (*config.Config, []config.Warning, error) {
	cfg, warnings, err := config.Load(s.configPath)
	if err != nil {
		return nil, nil, err
	}
	cfg.DataDir, cfg.GenesisFile = s.dir, s.genesisPath
	if err := (config.Flags{Port: o.Port}).Apply(cfg); err != nil {
		return nil, nil, err
	}
	if len(Others([]string{o.Host}, cfg.Network.Port)) > 0 && !contains(cfg.Network.Bootstrap, o.Host) {
		cfg.Network.Bootstrap = append(cfg.Network.Bootstrap, o.Host)
	}
	return cfg, warnings, nil
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// Playable says why a domain gets no role in a configuration that is made, "" if it gets one. A genesis file never names what this
// machine is to start.
func Playable(d *chain.Domain) string {
	switch {
	case strings.HasPrefix(d.Plugin, config.ExecPrefix):
		return "is computed by a program of its own, which the configuration must name: no role here"
	case d.Plugin == "":
		return "names no plugin: no role here"
	case d.Config == nil:
		return "binds no settings, so that the configuration must have them: no role here"
	}
	return ""
}
