package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Listen opens a TCP listener on addr ("host:port", port 0 for any). A taken
// address is an error that says so and unwraps to ErrPortInUse.
func Listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		return ln, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: %w: another process is listening there; "+
			"stop it or choose another port", addr, ErrPortInUse)
	}
	return nil, fmt.Errorf("listen on %s: %w", addr, err)
}

const refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Connection: close\r\nRetry-After: 1\r\nContent-Length: 21\r\n\r\ntoo many connections\n"

// limiter is a listener that counts its open connections, in total and per
// remote address, refuses those above the limits with 503, and can close all.
// When the total is reached, who has the most connections gives one up for who
// has fewer, so that few addresses cannot keep all others out.
type limiter struct {
	net.Listener
	max, maxPerIP int
	maxHeld       int64 // bytes of requests under way, 0: no bound
	held          atomic.Int64
	maxOwed       int64         // bytes of answers that are not taken yet, 0: no bound
	stall         time.Duration // how long a client may take nothing
	refuse        func(host string) bool

	mu      sync.Mutex
	open    map[*conn]struct{}
	opened  uint64 // so far
	perIP   map[string]int
	owed    map[string]int64 // bytes of answers, by address
	owedAll int64
	refused uint64
}

func newLimiter(ln net.Listener, max, maxPerIP int, refuse func(host string) bool) *limiter {
	if refuse == nil {
		refuse = func(string) bool { return false }
	}
	return &limiter{
		Listener: ln, max: max, maxPerIP: maxPerIP, refuse: refuse,
		stall: 10 * time.Second, open: make(map[*conn]struct{}), perIP: make(map[string]int), owed: make(map[string]int64),
	}
}

// Accept returns the next connection within the limits. An error of one
// connection (reset before accept, no descriptor left) does not end the server:
// it waits a little and goes on, as net/http does.
func (l *limiter) Accept() (net.Conn, error) {
	pause := 5 * time.Millisecond
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if transient(err) {
				time.Sleep(pause) // backoff while descriptors are exhausted
				pause = min(2*pause, time.Second)
				continue
			}
			return nil, err
		}
		pause = 5 * time.Millisecond
		if l.refuse(hostOf(c.RemoteAddr())) {
			l.count()
			_ = c.Close() // without an answer: it would cost more than the connection
			continue
		}
		w, evicted := l.admit(c)
		if evicted != nil {
			_ = evicted.Conn.Close() // wakes whoever serves it
		}
		if w != nil {
			return w, nil
		}
		// The answer fits the socket buffer of a fresh connection; the deadline
		// is for the case where it does not.
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = io.WriteString(c, refusal)
		_ = c.Close()
	}
}

func transient(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// admit takes a connection within the limits, nil where it may not. evicted is a
// connection that has to give way, which the caller closes.
func (l *limiter) admit(c net.Conn) (admitted, evicted *conn) {
	ip := hostOf(c.RemoteAddr())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perIP[ip] >= l.maxPerIP {
		l.refused++
		return nil, nil
	}
	if len(l.open) >= l.max {
		if evicted = l.greediest(l.perIP[ip] + 1); evicted == nil {
			l.refused++
			return nil, nil
		}
		l.drop(evicted)
	}
	l.opened++
	w := &conn{Conn: c, ip: ip, owner: l, number: l.opened}
	w.began.Store(time.Now().UnixNano())
	l.open[w] = struct{}{}
	l.perIP[ip]++
	return w, evicted
}

// greediest returns the oldest connection of the address that has the most, if
// that are more than least. The caller holds mu.
func (l *limiter) greediest(least int) *conn {
	most, from := least, ""
	for ip, n := range l.perIP {
		if n > most || n == most && from != "" && ip < from {
			most, from = n, ip
		}
	}
	if from == "" {
		return nil
	}
	return l.oldest(func(c *conn) bool { return c.ip == from })
}

// owe books n bytes of an answer to c, in place of the answer before, which has been taken. Where all are too many, the
// oldest connections of the address that holds most of them are closed; it is false where that is c's own.
func (l *limiter) owe(c *conn, n int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.open[c]; !ok {
		return true // closed meanwhile
	}
	l.book(c, n)
	for l.maxOwed > 0 && l.owedAll > l.maxOwed {
		most := l.debtor()
		if most == c.ip {
			l.book(c, 0)
			l.refused++
			return false
		}
		oldest := l.oldest(func(o *conn) bool { return o.ip == most && o.owed > 0 })
		l.drop(oldest)
		l.refused++
		_ = oldest.Conn.Close() // wakes whoever serves it
	}
	return true
}

// taken notes that c has taken its answer: it asks for the next.
func (l *limiter) taken(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.book(c, 0)
}

// book sets what is owed to c. The caller holds mu.
func (l *limiter) book(c *conn, n int64) {
	l.owedAll += n - c.owed
	if l.owed[c.ip] += n - c.owed; l.owed[c.ip] <= 0 {
		delete(l.owed, c.ip)
	}
	c.owed = n
}

// debtor is the address to which most is owed. The caller holds mu.
func (l *limiter) debtor() (most string) {
	for ip, n := range l.owed {
		if best := l.owed[most]; n > best || n == best && ip < most {
			most = ip
		}
	}
	return most
}

// oldest returns the oldest open connection of some, nil where there is none. The caller holds mu.
func (l *limiter) oldest(of func(*conn) bool) (oldest *conn) {
	for c := range l.open {
		if of(c) && (oldest == nil || c.number < oldest.number) {
			oldest = c
		}
	}
	return oldest
}

func (l *limiter) count() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused++
}

func (l *limiter) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(c)
}

// drop gives the slot of c back, once. The caller holds mu.
func (l *limiter) drop(c *conn) {
	if _, ok := l.open[c]; !ok {
		return
	}
	delete(l.open, c)
	l.book(c, 0)
	if l.perIP[c.ip]--; l.perIP[c.ip] <= 0 {
		delete(l.perIP, c.ip)
	}
}

// closeAll closes every open connection at once, without lingering.
func (l *limiter) closeAll() {
	l.mu.Lock()
	open := make([]*conn, 0, len(l.open))
	for c := range l.open {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		_ = c.Conn.Close()
	}
}

func (l *limiter) counts() (open int, refused uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open), l.refused
}

// conn is one admitted connection. linger is set, by the goroutine that serves
// the connection, when the answer was written before the request was read to
// its end: closing then at once would make the kernel reset the connection and
// the client would lose the answer.
type conn struct {
	net.Conn
	ip     string
	number uint64 // in the order of admission
	owner  *limiter
	linger atomic.Bool
	held   atomic.Int64 // bytes of the request under way
	began  atomic.Int64 // when its answer, or the connection, began, in ns
	wrote  atomic.Int64 // bytes of the answer so far
	owed   int64        // bytes of the answer, under the owner's mutex
	once   sync.Once
}

const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 16 << 20
)

// freeHeld is what every connection may hold of its request, whatever the others do.
const freeHeld = 64 << 10

// errHeld ends a connection whose request finds no room.
var errHeld = errors.New("transport: too many bytes of requests under way")

// Read implements net.Conn within the bound of what all connections hold.
func (c *conn) Read(p []byte) (int, error) {
	if c.owner.maxHeld > 0 && c.held.Load() > freeHeld && c.owner.held.Load() > c.owner.maxHeld {
		c.owner.count()
		return 0, errHeld
	}
	if c.wrote.Load() > 0 {
		c.owner.taken(c)
	}
	n, err := c.Conn.Read(p)
	c.held.Add(int64(n))
	c.owner.held.Add(int64(n))
	return n, err
}

// answered gives back what the request has held, and begins its answer.
func (c *conn) answered() {
	c.owner.held.Add(-c.held.Swap(0))
	c.began.Store(time.Now().UnixNano())
	c.wrote.Store(0)
}

// Renew begins the time of the answer anew. A handler whose answer is a stream calls it, by an interface of its own, before each
// part: what counts is then how fast the client takes the part, not how long ago the answer began.
func (c *conn) Renew() {
	c.began.Store(time.Now().UnixNano())
	c.wrote.Store(0)
}

// slowRate is how many bytes of an answer a client has to take in a second, beside ServerConfig.WriteTimeout.
const slowRate = 16 << 10

// SetWriteDeadline implements net.Conn; the deadline is Write's own.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// Write implements net.Conn with a deadline that follows the bytes taken.
func (c *conn) Write(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		part := p[:min(len(p), 64<<10)]
		deadline := time.Now().Add(c.owner.stall)
		whole := time.Unix(0, c.began.Load()).Add(c.owner.stall + time.Duration(c.wrote.Load())*time.Second/slowRate)
		if whole.Before(deadline) {
			deadline = whole
		}
		_ = c.Conn.SetWriteDeadline(deadline)
		var n int
		n, err = c.Conn.Write(part)
		c.wrote.Add(int64(n))
		written, p = written+n, p[n:]
	}
	return written, err
}

// Close gives the slot back and closes the connection, once.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		c.owner.forget(c)
		c.answered()
		if tc, ok := c.Conn.(*net.TCPConn); ok && c.linger.Load() {
			if tc.CloseWrite() == nil {
				_ = tc.SetReadDeadline(time.Now().Add(lingerTime))
				_, _ = io.CopyN(io.Discard, tc, lingerBytes)
			}
		}
		err = c.Conn.Close()
	})
	return err
}

func hostOf(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().String()
	}
	if a == nil {
		return ""
	}
	return a.String()
}
