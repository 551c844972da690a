package p2p

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// A body is asked for by its hash, 32 bytes; the answer is its length, four bytes little-endian, 0 where the peer has it
// not, and the body.

// errBody is the error of a body that nobody who announced it has delivered.
var errBody = errors.New("p2p: announced body was not delivered")

// maxSources bounds the peers that are remembered of one announcement.
const maxSources = 16

// wanted are the announcements whose bodies are being got, with the peers that announced them meanwhile. It is safe for
// concurrent use.
type wanted struct {
	mu   sync.Mutex
	byID map[string]*want // by the frame's id
}

type want struct {
	sources []peer.ID
	more    chan struct{} // has something when a source was added
}

func newWanted() *wanted { return &wanted{byID: make(map[string]*want)} }

func (w *wanted) begin(id string, from peer.ID) *want {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := &want{sources: []peer.ID{from}, more: make(chan struct{}, 1)}
	w.byID[id] = one
	return one
}

func (w *wanted) end(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byID, id)
}

// again notes that another peer has announced what is being got.
func (w *wanted) again(id string, from peer.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := w.byID[id]
	if one == nil || len(one.sources) >= maxSources {
		return
	}
	one.sources = append(one.sources, from)
	select {
	case one.more <- struct{}{}:
	default:
	}
}

// source returns the i-th peer that announced it.
func (w *wanted) source(one *want, i int) (peer.ID, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i >= len(one.sources) {
		return "", false
	}
	return one.sources[i], true
}

// fetch gets an announced body: of the peer that announced it first, and where that has it not, of those that have announced
// it since, until FetchTimeout is over. Who announced what it does not deliver pays for it.
func (n *Node) fetch(ctx context.Context, id string, a announcement, from peer.ID) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.FetchTimeout)
	defer cancel()
	if body := n.bodies.get(a.hash); body != nil {
		return body, nil
	}
	one := n.wanted.begin(id, from)
	defer n.wanted.end(id)
	select {
	case n.fetches <- struct{}{}:
		defer func() { <-n.fetches }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", errBody, ctx.Err())
	}
	for i := 0; ; i++ {
		source, ok := n.wanted.source(one, i)
		for !ok {
			select {
			case <-one.more:
			case <-ctx.Done():
				return nil, fmt.Errorf("%w: %d peers asked", errBody, i)
			}
			source, ok = n.wanted.source(one, i)
		}
		body, err := n.fetchFrom(ctx, source, a)
		if err == nil {
			return body, nil
		}
		n.count(func(s *Stats) { s.FetchErrors++ })
		n.fault(source)
		n.cfg.Log.Debug("announced body not delivered", "peer", source, "err", err)
	}
}

// fetchFrom asks one peer for a body; it gets half of the time, so that another can be asked.
func (n *Node) fetchFrom(ctx context.Context, from peer.ID, a announcement) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.FetchTimeout/2)
	defer cancel()
	s, err := n.host.NewStream(network.WithNoDial(ctx, "it announced a body"), from, n.protocols.body)
	if err != nil {
		return nil, err
	}
	defer s.Reset() //nolint:errcheck // all that is wanted was read, or never will be
	deadline, _ := ctx.Deadline()
	_ = s.SetDeadline(deadline)
	if _, err := s.Write(a.hash[:]); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(s, head[:]); err != nil {
		return nil, err
	}
	if size := binary.LittleEndian.Uint32(head[:]); int64(size) != int64(a.bytes) {
		return nil, fmt.Errorf("p2p: %d bytes where %d were announced", size, a.bytes)
	}
	body := make([]byte, a.bytes)
	if _, err := io.ReadFull(s, body); err != nil {
		return nil, err
	}
	if sha256.Sum256(body) != a.hash {
		return nil, errors.New("p2p: body has another hash")
	}
	return body, nil
}

// serveBody answers one peer that asks for a body.
func (n *Node) serveBody(s network.Stream) {
	defer s.Close()
	_ = s.SetDeadline(time.Now().Add(n.cfg.FetchTimeout))
	var id hash
	if _, err := io.ReadFull(s, id[:]); err != nil {
		_ = s.Reset()
		return
	}
	body := n.bodies.get(id)
	answer := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body)))
	if _, err := s.Write(append(answer, body...)); err != nil {
		_ = s.Reset()
	}
}
