package local

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/internal/canon"
)

const loopback = "127.0.0.1"

// member is one node of the network: what it is started with.
type member struct {
	index  int
	peerID string
	port   int
	dir    string
}

func (m *member) endpoint() string { return net.JoinHostPort(loopback, strconv.Itoa(m.port)) }
func (m *member) file(name string) string {
	return filepath.Join(m.dir, name)
}

// prepare writes everything the nodes need into dir and returns them.
func prepare(o *Config, cfg *config.Config, dir string) ([]*member, error) {
	ports, err := freePorts(o.Port, o.Nodes)
	if err != nil {
		return nil, err
	}
	members := make([]*member, o.Nodes)
	evaluators := make([]chain.Evaluator, o.Nodes)
	for i := range members {
		m := &member{index: i, port: ports[i], dir: filepath.Join(dir, fmt.Sprintf("node-%d", i))}
		if err := os.MkdirAll(m.dir, 0o755); err != nil {
			return nil, err
		}
		key, err := loadKey(m, cfg)
		if err != nil {
			return nil, fmt.Errorf("identity of node %d: %w", i, err)
		}
		m.peerID = key.PeerID()
		evaluators[i] = chain.Evaluator{PeerID: key.PeerID(), PublicKey: key.PublicKey()}
		members[i] = m
	}
	genesis := filepath.Join(dir, "genesis.json")
	if err := writeGenesis(genesis, func() *chain.Genesis {
		return o.Genesis(cfg, evaluators, time.Now())
	}, evaluators); err != nil {
		return nil, fmt.Errorf("%s: %w", genesis, err)
	}
	for _, m := range members {
		if err := writeConfig(m, members[0], cfg, genesis); err != nil {
			return nil, fmt.Errorf("configuration of node %d: %w", m.index, err)
		}
	}
	return members, nil
}

// loadKey loads a node's key or makes it: of the seed, if there is one.
func loadKey(m *member, cfg *config.Config) (*identity.Key, error) {
	own := &config.Config{IdentityFile: m.file("identity.json"), PassphraseFile: cfg.PassphraseFile}
	if cfg.Seed == nil {
		return keys.OpenOrCreate(own)
	}
	key, err := keys.Open(own)
	if errors.Is(err, os.ErrNotExist) {
		if key, err = identity.FromSeed(fmt.Sprintf("local %d %d", *cfg.Seed, m.index)); err == nil {
			err = key.Save(own.IdentityFile)
		}
	}
	return key, err
}

// writeGenesis makes the genesis file. One that is there is kept if its evaluators
// are these, and if the configuration would make the same network, its start aside.
func writeGenesis(path string, make func() *chain.Genesis, evaluators []chain.Evaluator) error {
	data, err := os.ReadFile(path)
	if err == nil {
		old, err := chain.ParseGenesis(data)
		if err != nil {
			return err
		}
		if !slices.Equal(old.Evaluators, evaluators) {
			return fmt.Errorf("belongs to a network of %d other nodes; choose another directory", len(old.Evaluators))
		}
		now := make()
		if now.Parameters.StartTime = old.Parameters.StartTime; now.Parameters != old.Parameters || !slices.EqualFunc(now.Domains, old.Domains, func(a, b chain.Domain) bool { return a.Equal(&b) }) || !slices.Equal(now.Grants, old.Grants) {
			return errors.New("was made from a configuration with other parameters or domains; choose another directory, or remove this one to begin anew")
		}
		return nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	g := make()
	if err := g.Validate(); err != nil {
		return err
	}
	return os.WriteFile(path, append(canon.AppendIndent(nil, g.Object()), '\n'), 0o644)
}

// writeConfig writes a node's configuration: the file's, with what is the node's
// own put over it. The first node is everybody's bootstrap peer.
func writeConfig(m, first *member, cfg *config.Config, genesis string) error {
	o := cfg.Portable()
	label := cfg.Label
	if label == "" {
		label = "local"
	}
	bootstrap := []any{}
	if m != first {
		bootstrap = append(bootstrap, first.endpoint())
	}
	o.Set("node_label", fmt.Sprintf("%s-%d", label, m.index)).
		Set("host", loopback).
		Set("port", m.port).
		Set("data_dir", m.dir).
		Set("identity_file", m.file("identity.json")).
		Set("genesis_file", genesis).
		Set("bootstrap_peers", bootstrap).
		Set("reset_chain", false)
	o.Delete("experiment_stats_file")
	o.Delete("olap_db_path")
	if cfg.Seed != nil {
		o.Set("seed", *cfg.Seed+int64(m.index))
	}
	return os.WriteFile(m.file("node.json"), append(canon.AppendIndent(nil, o), '\n'), 0o644)
}

// maxPort is the largest port.
const maxPort = 1<<16 - 1

// freePorts returns n ports of loopback that nobody listens on: from first on, or any for 0.
func freePorts(first, n int) ([]int, error) {
	var ports []int
	for port := first; len(ports) < n; port++ {
		if first == 0 {
			port = 0
		}
		if port > maxPort {
			return nil, fmt.Errorf("of the ports from %d on fewer than %d are free", first, n)
		}
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err != nil {
			if first > 0 && errors.Is(err, syscall.EADDRINUSE) {
				continue
			}
			return nil, err
		}
		defer l.Close() // all stay open until the last is found: no port twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
