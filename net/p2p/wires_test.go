package p2p

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// wires are connections in one process, under a virtual clock: each node sends 50 Mbit/s, and each pair of nodes has a delay of 10–120 ms
// there and back.
type wires struct {
	bytes atomic.Uint64 // that were written

	mu        sync.Mutex
	r         *rand.Rand
	delays    map[[2]string]time.Duration
	free      map[string]time.Time // when a node has sent everything
	listeners map[string]*wireListener
}

func newWires(r *rand.Rand) *wires {
	return &wires{
		r: rand.New(rand.NewPCG(r.Uint64(), 1)), delays: make(map[[2]string]time.Duration), free: make(map[string]time.Time),
		listeners: make(map[string]*wireListener),
	}
}

// delay is that of a pair, one way.
func (w *wires) delay(a, b string) time.Duration {
	pair := [2]string{min(a, b), max(a, b)}
	w.mu.Lock()
	defer w.mu.Unlock()
	d, ok := w.delays[pair]
	if !ok {
		d = 5*time.Millisecond + time.Duration(w.r.Int64N(int64(55*time.Millisecond)))
		w.delays[pair] = d
	}
	return d
}

// depart returns when size bytes will have left a node.
func (w *wires) depart(from string, size int) time.Time {
	w.bytes.Add(uint64(size))
	w.mu.Lock()
	defer w.mu.Unlock()
	at := time.Now()
	if w.free[from].After(at) {
		at = w.free[from]
	}
	at = at.Add(time.Duration(size) * 8 * time.Second / 50_000_000)
	w.free[from] = at
	return at
}

// wireListener accepts what is dialled.
type wireListener struct {
	at     string
	queue  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*wireListener)(nil)

func (l *wireListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *wireListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *wireListener) Addr() net.Addr { return address(l.at) }

func (w *wires) listen(at string) net.Listener {
	l := &wireListener{at: at, queue: make(chan net.Conn), closed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listeners[at] = l
	return l
}

// wire is one end.
type wire struct {
	net.Conn
	remote net.Addr
}

func (c wire) RemoteAddr() net.Addr { return c.remote }

// dial connects, in the time that a handshake of TCP takes.
func (w *wires) dial(ctx context.Context, from, to string) (net.Conn, error) {
	w.mu.Lock()
	l := w.listeners[to]
	w.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("nobody listens at %s", to)
	}
	d := w.delay(from, to)
	select {
	case <-time.After(2 * d):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	here, mine := net.Pipe()
	there, theirs := net.Pipe()
	select {
	case l.queue <- wire{there, address(from + ":80")}:
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	go w.carry(from, d, mine, theirs)
	go w.carry(to, d, theirs, mine)
	return wire{here, address(to + ":80")}, nil
}

// carry brings what a node writes to the other end, when it has departed and the delay is over.
func (w *wires) carry(from string, delay time.Duration, src, dst net.Conn) {
	type segment struct {
		data []byte
		at   time.Time
	}
	way := make(chan segment, 1024)
	go func() {
		defer dst.Close()
		for s := range way {
			time.Sleep(time.Until(s.at))
			if _, err := dst.Write(s.data); err != nil {
				_ = src.Close() // so that nothing more comes
			}
		}
	}()
	defer close(way)
	buffer := make([]byte, 64<<10)
	for {
		n, err := src.Read(buffer)
		if n > 0 {
			way <- segment{append([]byte(nil), buffer[:n]...), w.depart(from, n).Add(delay)}
		}
		if err != nil {
			return
		}
	}
}
