package join

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/canon"
	"doin.network/node/net/join"
)

// held reads the genesis file of a directory that is of a network already, nil if it is of none.
func held(path string) (*chain.Genesis, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g, err := chain.ParseGenesis(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return g, nil
}

// save writes a genesis file.
func save(path string, g *chain.Genesis) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return stack.WriteFile(path, append(canon.AppendIndent(nil, g.Object()), '\n'))
}

// Fetch gets the files that the configured domains lack from the first endpoint that gives them, and checks all that are here. Files
// with other bytes than the network's are an error that names them. Call terms.Apply first.
func Fetch(ctx context.Context, c *join.Client, endpoints []string, cfg *config.Config, g *chain.Genesis, log *slog.Logger) error {
	for _, h := range terms.Files(cfg, g) {
		err := h.Check()
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if h.Path != terms.Place(cfg.DataDir, h.File) {
			return fmt.Errorf("%w; it belongs at %s", err, terms.Place(cfg.DataDir, h.File))
		}
		if err := fetch(ctx, c, endpoints, h, log); err != nil {
			return err
		}
	}
	return nil
}

func fetch(ctx context.Context, c *join.Client, endpoints []string, h terms.Held, log *slog.Logger) error {
	if err := os.MkdirAll(filepath.Dir(h.Path), 0o755); err != nil {
		return err
	}
	errs := []error{fmt.Errorf("domain %q: %s (%d bytes, SHA-256 %s) was had from nobody; a copy of it belongs at %s", h.Domain, h.Name, h.Size, h.SHA256, h.Path)}
	for _, endpoint := range endpoints {
		last := time.Now()
		log.Info("fetching a data file", "domain", h.Domain, "file", h.Name, "bytes", h.Size, "from", endpoint)
		err := c.File(ctx, endpoint, h.File, h.Path, func(bytes int64) {
			if time.Since(last) > 10*time.Second {
				last = time.Now()
				log.Info("fetching", "file", h.Name, "have", bytes, "of", h.Size)
			}
		})
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ErrAlone is returned by Adopt for a node that has no peer to ask but itself.
var ErrAlone = errors.New("no bootstrap peer but this node itself")

// adoptTime is how long bootstrap peers are waited for.
const adoptTime = time.Minute

// Adopt takes the network of the first bootstrap peer that proves one, and writes its genesis file. port is the node's own: it does not ask itself.
// ErrAlone where there is nobody else to ask.
func Adopt(ctx context.Context, cfg *config.Config, port int, log *slog.Logger) (*chain.Genesis, error) {
	endpoints := Others(cfg.Network.Bootstrap, port)
	if len(endpoints) == 0 {
		return nil, ErrAlone
	}
	c := join.NewClient()
	defer c.Close()
	patient, cancel := context.WithTimeout(ctx, adoptTime)
	defer cancel()
	log.Info("no genesis file yet: asking the bootstrap peers for their network", "peers", endpoints, "patience", adoptTime)
	var last error
	for {
		for _, endpoint := range endpoints {
			offer, err := c.Offer(patient, endpoint)
			switch {
			case err != nil:
				last = err
			case offer.Draft:
				last = fmt.Errorf("a network is being made at %s, which waits for %d more machines: doin-node join %s takes a place in it", endpoint, offer.Want-offer.Have, endpoint)
			case cfg.NetworkID != "" && offer.Genesis.NetworkID() != cfg.NetworkID:
				last = fmt.Errorf("%s is of network %s, network_id pins %s", endpoint, offer.Genesis.NetworkID(), cfg.NetworkID)
			default:
				log.Warn("took the network of a bootstrap peer, because it was the first that proved one: network_id in the configuration pins it",
					"network", offer.Genesis.NetworkID(), "peer", endpoint)
				return offer.Genesis, save(cfg.GenesisPath(), offer.Genesis)
			}
		}
		if pause(patient, time.Second) != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("no bootstrap peer has given this node its network within %v: start one of them first, or see doin-node join --help; the last said: %w", adoptTime, last)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Others are the endpoints that are not this machine's own at a port.
func Others(endpoints []string, port int) (out []string) {
	for _, endpoint := range endpoints {
		host, p, err := config.SplitPeer(endpoint)
		if err != nil || p == port && ours(host) {
			continue
		}
		out = append(out, net.JoinHostPort(host, strconv.Itoa(p)))
	}
	return out
}

// ours reports whether a host is this machine.
func ours(host string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if a.IP.IsLoopback() || a.IP.IsUnspecified() {
			return true
		}
		for _, o := range own {
			if n, ok := o.(*net.IPNet); ok && n.IP.Equal(a.IP) {
				return true
			}
		}
	}
	return false
}
