package p2p

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/libp2p/go-libp2p/core/network"
)

// conn is a stream as a connection, whose remote address is that of the link it is on.
type conn struct {
	network.Stream
	local, remote net.Addr
}

var _ net.Conn = conn{}

// LocalAddr implements net.Conn.
func (c conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn; it is a *net.TCPAddr, whatever carries the link.
func (c conn) RemoteAddr() net.Addr { return c.remote }

// Close closes both directions.
func (c conn) Close() error {
	_ = c.CloseRead()
	return c.Stream.Close()
}

// address names this node where an address is asked for.
type address string

func (a address) Network() string { return "libp2p" }
func (a address) String() string  { return string(a) }

func newConn(s network.Stream) conn {
	return conn{Stream: s, local: address(s.Conn().LocalPeer().String()), remote: net.TCPAddrFromAddrPort(addressOf(s.Conn()))}
}

// Listener accepts the streams that peers open for requests.
type Listener struct {
	name   address
	queue  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*Listener)(nil)

func newListener(name string, room int) *Listener {
	return &Listener{name: address(name), queue: make(chan net.Conn, room), closed: make(chan struct{})}
}

// take queues a stream for Accept, or resets it where nobody is fast enough.
func (l *Listener) take(s network.Stream) {
	select {
	case <-l.closed:
		_ = s.Reset()
	case l.queue <- newConn(s):
	default:
		_ = s.Reset()
	}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener; the host goes on.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.name }

// Listener returns where requests of peers arrive.
func (n *Node) Listener() *Listener { return n.listener }

// Dial opens a stream for requests to a connected peer; endpoint is its id, a port after it is ignored.
func (n *Node) Dial(ctx context.Context, endpoint string) (net.Conn, error) {
	id, _, _ := strings.Cut(endpoint, ":")
	host, ok := n.hostOf(id)
	if !ok {
		return nil, fmt.Errorf("p2p: peer %.12s is not connected", id)
	}
	s, err := n.host.NewStream(network.WithNoDial(ctx, "requests go to connected peers"), host, n.protocols.http)
	if err != nil {
		return nil, fmt.Errorf("p2p: stream to %.12s: %w", id, err)
	}
	return newConn(s), nil
}
