package discovery

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/internal/canon"
)

// early is a world in which nodes of the reference's first revision answer /status too.
type early struct {
	*world
	names map[string]string // by endpoint
}

func (e early) Status(_ context.Context, endpoint string) (*canon.Object, error) {
	id, ok := e.names[endpoint]
	if !ok {
		return nil, errSilent
	}
	return canon.NewObject("status", "healthy", "peer_id", id), nil
}

func TestEarlyPeerIsTaken(t *testing.T) {
	id := key(t, "early").PeerID()
	f := func(name string, unproven, connected bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			w := early{newWorld(), map[string]string{"10.0.0.1:8470": name}}
			w.script["10.0.0.1:8470"] = func(string) (*canon.Object, error) { return canon.NewObject("peers", []any{}), nil }
			cfg := DefaultConfig()
			cfg.Key, cfg.Network, cfg.Port, cfg.Bootstrap = key(t, "go"), network, 8470, []string{"10.0.0.1:8470"}
			cfg.AllowUnproven = unproven
			table, err := New(cfg, w)
			if err != nil {
				t.Fatal(err)
			}
			stop := run(t, table)
			defer stop()
			time.Sleep(time.Second / 2) // of the bubble
			synctest.Wait()
			p, ok := table.Lookup(id)
			if ok != connected || ok && (!p.Early || !p.Short() || p.Verified) {
				t.Errorf("Lookup of a peer called %q = %+v, %v, want connected %v", name, p, ok, connected)
			}
			if !connected {
				return
			}
			o, err := table.PeersObject("")
			if list, err2 := o.List("peers"); err != nil || err2 != nil || len(list) != 1 ||
				!strings.Contains(string(canon.Default(list[0])), `"peer_id": "10.0.0.1:8470"`) {
				t.Errorf("PeersObject() = %s, %v; want it under its endpoint", canon.Default(o), err)
			}
			if err := table.Learn("10.0.0.1", 0, id); err != nil { // it sent something
				t.Errorf("Learn() = %v", err)
			}
			time.Sleep(2 * cfg.Interval) // handshakes show the short name again
			synctest.Wait()
			if list := table.Connected(); len(list) != 1 || list[0].ID != id || list[0].Short() {
				t.Errorf("Connected() = %+v, want one with the id %s", list, id)
			}
		})
	}
	f(id[:12], true, true)
	f(id[:12], false, false)
	f(id[:11], true, false)
	f("not hex here", true, false)
	f(key(t, "go").PeerID()[:12], true, false) // ourselves
}

func TestCallerWithoutPort(t *testing.T) {
	w := newWorld()
	table := w.join(t, "10.0.0.1", 8470, func(c *Config) { c.AllowUnproven = true })
	id := key(t, "early").PeerID()
	if err := errors.Join(table.Learn("127.0.0.1", 0, id), table.Learn("10.0.0.2", 0, id)); err != nil {
		t.Fatal(err)
	}
	if list := table.Known(); len(list) != 1 || list[0].Endpoint() != "10.0.0.2:8470" {
		t.Errorf("Known() = %+v, want the one at our own port, and none at a loopback address", list)
	}
}
