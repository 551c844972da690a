package web

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// hub has the newest event, and those who wait for the next one.
type hub struct {
	mu      sync.Mutex
	now     *event
	changed chan struct{} // closed when there is a newer event, or none will come
	ended   bool
	streams int
	of      map[string]int // streams by address
	joined  chan struct{}  // has one when somebody has come
}

// event is what all clients are told: the bytes are shared.
type event struct {
	number int64
	frame  []byte
}

func (h *hub) init() {
	h.changed, h.of, h.joined = make(chan struct{}), map[string]int{}, make(chan struct{}, 1)
}

// enter takes a place for a client.
func (h *hub) enter(host string, most, mostOf int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || h.streams >= most || h.of[host] >= mostOf {
		return false
	}
	h.streams++
	h.of[host]++
	select {
	case h.joined <- struct{}{}:
	default:
	}
	return true
}

func (h *hub) leave(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams--
	if h.of[host]--; h.of[host] <= 0 {
		delete(h.of, host)
	}
}

// newest returns the newest event, nil before the first, and what is closed at the next; more is false at the end.
func (h *hub) newest() (e *event, changed <-chan struct{}, more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now, h.changed, !h.ended
}

func (h *hub) put(frame []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	number := int64(1)
	if h.now != nil {
		if bytes.Equal(h.now.frame, frame) {
			return
		}
		number = h.now.number + 1
	}
	h.now = &event{number, frame}
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	close(h.changed)
}

func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams
}

// Run watches the node while somebody looks, until ctx ends; then streams end. It returns nil and is called once.
func (w *Web) Run(ctx context.Context) error {
	defer w.hub.end()
	tick := time.NewTicker(w.cfg.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.hub.joined:
		case <-tick.C:
		}
		if w.hub.count() > 0 {
			w.hub.put(w.frame(ctx))
		}
	}
}

// frame is an event: the state, and the version of what was recorded. A node that has no answer is told of as such.
func (w *Web) frame(ctx context.Context) []byte {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	version := int64(0)
	if w.parts.Data != nil {
		version = w.parts.Data.Version()
	}
	state, err := w.parts.State.State(ctx)
	if err != nil {
		state = []byte("null")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: state\ndata: {\"version\":\"%s-%d\",\"state\":", w.born, version)
	b.Write(bytes.ReplaceAll(state, []byte("\n"), []byte(" ")))
	b.WriteString("}\n\n")
	return b.Bytes()
}

// events answers GET /events, a stream of server-sent events.
func (w *Web) events(rc *fasthttp.RequestCtx) error {
	host := address(rc.RemoteAddr())
	if !w.hub.enter(host, w.cfg.MaxStreams, w.cfg.MaxStreamsPerAddress) {
		return fmt.Errorf("%w: too many dashboards are open", ErrBusy)
	}
	rc.Response.Header.Set("Cache-Control", "no-store")
	rc.SetContentType("text/event-stream")
	rc.SetConnectionClose()
	renew := func() {}
	if c, ok := rc.Conn().(interface{ Renew() }); ok {
		renew = c.Renew
	}
	rc.SetBodyStreamWriter(func(out *bufio.Writer) {
		defer w.hub.leave(host)
		w.stream(out, renew)
	})
	return nil
}

// stream writes events until the client or the node has gone. renew begins the time that a client has for the next one.
func (w *Web) stream(out *bufio.Writer, renew func()) {
	beat := time.NewTimer(w.cfg.Heartbeat)
	defer beat.Stop()
	told := int64(0)
	frame := []byte("retry: 2000\n\n")
	for {
		renew()
		if _, err := out.Write(frame); err != nil {
			return
		}
		if out.Flush() != nil {
			return
		}
		e, changed, more := w.hub.newest()
		if !more {
			return
		}
		if e == nil || e.number == told {
			beat.Reset(w.cfg.Heartbeat)
			select {
			case <-changed:
			case <-beat.C:
			}
			if e, _, more = w.hub.newest(); !more {
				return
			}
		}
		if e == nil || e.number == told {
			frame = []byte(":\n\n")
			continue
		}
		frame, told = e.frame, e.number
	}
}

func address(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().String()
	}
	return ""
}
