package doctor

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/net/transport"
)

const (
	lowBytes  = 1 << 30  // below it a word is said
	needBytes = 64 << 20 // below it the store writes nothing
)

// data looks at the files that the domains name.
func (e *examination) data(context.Context) {
	for _, d := range e.cfg.Domains {
		if !d.Active() {
			continue
		}
		path, err := d.OptimizationConfig.StringOr("data", "")
		if err != nil || path == "" {
			continue // the worker judges
		}
		if _, err := os.Stat(path); err != nil {
			e.wrong("data", fmt.Sprintf("domain %s: data file: %v", d.ID, err), "the domain cannot be loaded, and the node ends",
				"put the file there, or set domains[].optimization_config.data")
			continue
		}
		e.ok("data", "domain %s: %s is there", d.ID, path)
	}
}

// disk looks at the data directory.
func (e *examination) disk(context.Context) {
	dir := e.cfg.DataDir
	if d, ok := e.DiskOf(dir); ok {
		free := fmt.Sprintf("%d MiB free in %s", d.FreeBytes>>20, dir)
		switch {
		case d.ReadOnly:
			e.wrong("read_only", dir+" is on a disk that cannot be written", "nothing can be kept", "mount it for writing, or set data_dir to another disk")
		case d.FreeBytes < needBytes:
			e.wrong("disk_space", free, "below 64 MiB the node writes no blocks", "make room, or set data_dir to a larger disk")
		case d.FreeBytes < lowBytes:
			e.wrong("disk_space", free, "the node will stop writing blocks soon", "make room, or lower olap_max_mb")
		default:
			e.ok("disk_space", "%s", free)
		}
		if d.Network != "" {
			e.wrong("network_disk", dir+" is on "+d.Network, "locks of SQLite and of the chain's store do not hold there: two nodes can damage both",
				"set data_dir to a disk of this machine")
		}
	}
	if err := e.Writable(dir); err != nil {
		e.wrong("data_dir", fmt.Sprintf("%s cannot be written: %v", dir, err), "the node does not start", "sudo chown -R $USER "+dir+", or set data_dir to a folder of yours")
		return
	}
	e.ok("data_dir", "%s can be written", dir)
}

// port looks whether a node runs here, and else whether its port is free.
func (e *examination) port(context.Context) {
	socket := stack.ControlSocket(e.cfg.DataDir)
	conn, err := net.Dial("unix", socket)
	if err == nil {
		conn.Close()
		e.running = true
		e.ok("port", "a node of %s runs", e.cfg.DataDir)
		return
	}
	if _, err := os.Lstat(socket); err == nil {
		e.note("orphan_socket", socket+" is there and nobody answers", "a node was killed; the next start removes it", "")
	}
	address := net.JoinHostPort(e.cfg.Network.Host, strconv.Itoa(e.cfg.Network.Port))
	ln, err := transport.Listen(address)
	if err != nil {
		e.wrong("port", err.Error(), "the node cannot listen and does not start", fmt.Sprintf("ss -ltnp 'sport = :%d' names who has it; end that, or set port", e.cfg.Network.Port))
		return
	}
	ln.Close()
	e.ok("port", "%s is free", address)
}

// key looks at the node's key, as far as that is possible without the passphrase of one that is encrypted.
func (e *examination) key(context.Context) {
	path := e.cfg.IdentityPath()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		e.note("key", path+" is not there", "the first start makes a new key", "")
		return
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		e.wrong("key", err.Error(), "the node does not start without its key", "sudo chown $USER "+path)
		return
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		e.wrong("key_permissions", fmt.Sprintf("%s can be read by others (mode %04o)", path, mode), "whoever reads it signs and spends in this node's name", "chmod 600 "+path)
	}
	if encrypted(data) {
		e.ok("key", "%s is encrypted", path)
		return
	}
	if k, err := identity.ParsePEM(data); err != nil {
		e.wrong("key", fmt.Sprintf("%s: %v", path, err), "the node does not start", "put the key back from a backup (doin-node restore), or move the file away: the node makes a new key and begins without balance")
	} else {
		e.ok("key", "%s is that of peer %.12s", path, k.PeerID())
	}
}

// encrypted reports whether a key file is one that a passphrase opens.
func encrypted(data []byte) bool {
	block, _ := pem.Decode(data)
	return bytes.HasPrefix(data, []byte("age-encryption.org/")) || block != nil && strings.Contains(block.Type, "ENCRYPTED")
}

// genesis looks at the network's file, and whether the chain on the disk is that network's.
func (e *examination) genesis(context.Context) {
	path, own := e.cfg.GenesisPath(), e.cfg.GenesisFile == ""
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && own {
		if len(e.cfg.Domains) == 0 {
			e.wrong("genesis", "no genesis_file and no domains", "a node that only relays needs a network to join", "set genesis_file")
			return
		}
		e.note("genesis", "no genesis_file", "the first start makes a network of this node alone", "to join others, set genesis_file and bootstrap_peers")
		return
	}
	var g *chain.Genesis
	if err == nil {
		g, err = chain.ParseGenesis(data)
	}
	if err == nil {
		err = g.CheckFormat()
	}
	if err != nil {
		e.wrong("genesis", fmt.Sprintf("%s: %v", path, err), "the node does not start", "get the file from a node of the network; it must be the same for all")
		return
	}
	missing := false
	for _, d := range e.cfg.Domains {
		if _, ok := g.Domain(d.ID); !ok {
			missing = true
			e.wrong("genesis_domain", fmt.Sprintf("%s has no domain %q, which the configuration has a role in", path, d.ID), "the node does not start",
				"take the domain out of the configuration, or join the network that has it")
		}
	}
	if !missing {
		e.ok("genesis", "%s is network %.12s", path, g.NetworkID())
	}
	if held, err := e.storedNetwork(); err == nil && held != g.NetworkID() {
		e.wrong("chain_network", fmt.Sprintf("%s holds the chain of network %.12s, the genesis file is %.12s", e.cfg.DataDir, held, g.NetworkID()), "the node does not start",
			"set data_dir to a new folder, or start once with --reset-chain to give up the old chain")
	}
}

// storedNetwork returns the network that the chain on the disk is of.
func (e *examination) storedNetwork() (string, error) {
	st, err := store.OpenReadOnly(e.cfg.StorePath())
	if err != nil {
		return "", err
	}
	defer st.Close()
	held, err := st.Meta(stack.MetaNetwork)
	return string(held), err
}

// chain opens the store and reads every block.
func (e *examination) chain(ctx context.Context) {
	path := e.cfg.StorePath()
	st, err := store.OpenReadOnly(path)
	switch {
	case errors.Is(err, store.ErrNotFound):
		e.note("chain", path+" is not there", "the first start makes it", "")
		return
	case errors.Is(err, store.ErrLocked) && e.running:
		e.ok("chain", "in use by the node that runs")
		return
	case errors.Is(err, store.ErrLocked):
		e.wrong("chain_locked", path+" is in use by another process", "two nodes cannot share a data directory", "fuser -v "+path+"/badger names it; end that process")
		return
	case errors.Is(err, store.ErrUnclean):
		e.note("chain", path+" was not closed", "the next start repairs it", "")
		return
	}
	if err == nil {
		err = errors.Join(st.Verify(ctx), st.Close())
	}
	if err != nil {
		e.wrong("chain_damaged", err.Error(), "the node does not start, or goes back to the block before the damage",
			"start once with --reset-chain: the chain is fetched from peers again, the key is kept; or doin-node restore a backup")
		return
	}
	e.ok("chain", "every block of %s reads", path)
}

// database reads the records through.
func (e *examination) database(ctx context.Context) {
	path := e.cfg.OLAPPath()
	if _, err := os.Stat(path); err != nil || e.running {
		return // made at the start, or in use
	}
	if err := stack.CheckDatabase(ctx, path); err != nil {
		e.wrong("database", err.Error(), "the node sets it aside and begins a new one: the records so far are not shown any more", "put olap.db back from a backup, or leave it: nothing else depends on it")
		return
	}
	e.ok("database", "%s reads", path)
}
