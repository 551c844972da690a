package p2p

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// cable passes on what comes to it, both ways, until it is cut: then both ends hear nothing, as after the power has failed.
type cable struct {
	listener net.Listener
	cut      chan struct{}
	wait     sync.WaitGroup
	mu       sync.Mutex
	conns    []net.Conn
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: l, cut: make(chan struct{})}
	c.wait.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			c.mu.Lock()
			c.conns = append(c.conns, in, out)
			c.mu.Unlock()
			c.wait.Go(func() { c.pass(in, out) })
			c.wait.Go(func() { c.pass(out, in) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.mu.Lock()
		for _, conn := range c.conns {
			conn.Close()
		}
		c.mu.Unlock()
		c.wait.Wait()
	})
	return c
}

func (c *cable) pass(to, from net.Conn) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		select {
		case <-c.cut:
			_, _ = io.Copy(io.Discard, from) // until the test ends
			return
		default:
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
	}
}

// TestLinkToNobody: a link that is young and that nobody answers at any more is given up when the same peer opens another; one that is
// answered at is kept beside it.
func TestLinkToNobody(t *testing.T) {
	t.Parallel()
	only := func(c *Config) { c.Listen = []string{"/ip4/127.0.0.1/tcp/0"} }
	a, b := start(t, "stays", only), start(t, "starts again", only)
	at, err := manet.ToNetAddr(b.host.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	c := newCable(t, at.String())
	through, err := manet.FromNetAddr(c.listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	a.gate.near(b.host.ID())
	b.gate.near(a.host.ID())
	if err := a.host.Connect(t.Context(), peer.AddrInfo{ID: b.host.ID(), Addrs: []multiaddr.Multiaddr{through}}); err != nil {
		t.Fatal(err)
	}
	linked(t, a, b)
	old := a.host.Network().ConnsToPeer(b.host.ID())[0]
	if !alive(old) {
		t.Error("the other end of a whole link does not answer")
	}
	close(c.cut)
	if alive(old) {
		t.Error("nobody is there, and answers")
	}
	if err := b.host.Network().ClosePeer(a.host.ID()); err != nil { // which a does not hear
		t.Fatal(err)
	}
	if err := b.host.Connect(t.Context(), peer.AddrInfo{ID: a.host.ID(), Addrs: a.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	until(t, "only the new link is left", func() bool {
		conns := a.host.Network().ConnsToPeer(b.host.ID())
		return len(conns) == 1 && conns[0] != old
	})
	linked(t, a, b)
}
