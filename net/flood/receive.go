package flood

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"strconv"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/peerscore"
)

// Receive takes one body that came from the address host. nil means that it was
// taken, seen before or a control body: answer 200. Otherwise the error is a
// *Refusal, or the context's.
func (g *Flood) Receive(ctx context.Context, host string, body []byte) error {
	if err := g.charge(host, g.receive(ctx, host, body)); !errors.Is(err, ErrDuplicate) {
		return err
	}
	return nil
}

// Deliver takes one body that came by the mesh from a peer at the address host; belongs says which kinds of messages may come
// the way it came. nil means that it is taken and to be
// forwarded. The error is ErrDuplicate for a message that was seen before, a *Refusal, or the context's; none of them is forwarded.
func (g *Flood) Deliver(ctx context.Context, host string, body []byte, belongs func(kind string) bool) error {
	return g.charge(host, g.deliver(ctx, host, body, belongs))
}

// charge counts a refusal, and makes the address pay for it.
func (g *Flood) charge(host string, err error) error {
	var r *Refusal
	if errors.As(err, &r) {
		g.mu.Lock()
		g.stats.Refused[r.Why]++
		g.mu.Unlock()
		if g.cfg.Addresses.Charge(peerscore.Address(host), r.cost(), g.cfg.Now()) {
			g.cfg.Log.Warn("address is cut off", "address", host, "last", string(r.Why))
		}
		g.cfg.Log.Debug("message refused", "from", host, "reason", string(r.Why), "err", r.Err)
	}
	return err
}

// admit refuses an address that is cut off or too fast, and what is too large.
func (g *Flood) admit(host string, body []byte, now time.Time) error {
	name := peerscore.Address(host)
	if g.cfg.Addresses.Cut(name, now) {
		return refuse(ReasonCutOff, "%s has sent too much that no honest node sends", name)
	}
	g.mu.Lock()
	g.stats.Received++
	allowed := g.addresses.take(name, now)
	flood := !allowed && !g.floods.take(name, now)
	g.mu.Unlock()
	if flood {
		return refuse(ReasonFlood, "more than %g messages per second from %s", floodFactor*g.cfg.AddressRate, host)
	}
	if !allowed {
		return refuse(ReasonAddressRate, "more than %g messages per second from %s", g.cfg.AddressRate, host)
	}
	if len(body) > g.cfg.MaxBytes {
		return refuse(ReasonTooLarge, "%d bytes, most is %d", len(body), g.cfg.MaxBytes)
	}
	return nil
}

func (g *Flood) deliver(ctx context.Context, host string, body []byte, belongs func(kind string) bool) error {
	now := g.cfg.Now()
	if err := g.admit(host, body, now); err != nil {
		return err
	}
	m, err := Decode(body)
	if err != nil {
		return err
	}
	if m == nil || m.Signature == "" || !bytes.Equal(bare(m), body) {
		return refuse(ReasonForm, "not the form that a signed message has in a mesh")
	}
	if !belongs(m.Type) {
		return refuse(ReasonForm, "%s does not belong where it was published", m.Type)
	}
	return g.judge(ctx, host, m, now, false)
}

func (g *Flood) receive(ctx context.Context, host string, body []byte) error {
	now := g.cfg.Now()
	if err := g.admit(host, body, now); err != nil {
		return err
	}
	m, err := Decode(body)
	if err != nil {
		return err
	}
	if m == nil {
		g.mu.Lock()
		g.stats.Controls++
		g.mu.Unlock()
		return nil
	}
	if m.TTL <= 0 && g.cfg.AllowUnsigned {
		// A Python node in flooding mode passes on what has come to its end, for the
		// next one to drop: no offence.
		g.mu.Lock()
		g.stats.Duplicates++
		g.mu.Unlock()
		return nil
	}
	return g.judge(ctx, host, m, now, true)
}

// judge is the pipeline from the form of a message on; relay says that it is this node that forwards it.
func (g *Flood) judge(ctx context.Context, host string, m *chain.Message, now time.Time, relay bool) error {
	id, err := g.check(m, now)
	if err != nil {
		return err
	}
	if g.duplicate(id, m, now) {
		if err := g.twin(host, id, m, now); err != nil {
			return err
		}
		return ErrDuplicate
	}
	if err := g.verify(m); err != nil {
		return err
	}
	if g.cfg.Authors.Cut(m.SenderID, now) {
		return refuse(ReasonCutOff, "%.12s has signed too much that no honest node signs", m.SenderID)
	}
	return g.accept(ctx, host, m, id, now, relay)
}

// check is everything that needs neither state nor cryptography, and the id.
func (g *Flood) check(m *chain.Message, now time.Time) (id [sha256.Size]byte, err error) {
	if m.TTL <= 0 || m.TTL > chain.MaxTTL {
		return id, refuse(ReasonTTL, "ttl must be in [1, %d]", chain.MaxTTL)
	}
	if m.Timestamp.IsZero() {
		if !g.cfg.AllowUnsigned || m.Signature != "" {
			return id, refuse(ReasonTime, "timestamp is missing")
		}
		m.Timestamp = timestamp.FromMicro(now.UnixMicro())
	}
	if err := m.ValidateBasic(); err != nil {
		return id, &Refusal{Why: ReasonForm, Err: err}
	}
	if d := now.Sub(time.UnixMicro(m.Timestamp.Micro())); d > g.cfg.Window || d < -g.cfg.Window {
		return id, refuse(ReasonTime, "timestamp is %v from now, most is %v", d.Round(time.Second), g.cfg.Window)
	}
	if m.Signature == "" && m.PublicKey == "" && !g.cfg.AllowUnsigned {
		return id, &Refusal{Why: ReasonUnsigned, Err: chain.ErrUnsigned}
	}
	return floodID(m), nil
}

// duplicate reports, and counts, a message that was seen before or is our own.
func (g *Flood) duplicate(id [sha256.Size]byte, m *chain.Message, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m.SenderID == g.cfg.Signer.PeerID() || g.seen.has(id, now) {
		g.stats.Duplicates++
		return true
	}
	return false
}

// twin tells of a message in our own name that is not ours; one that is forged is refused.
func (g *Flood) twin(host string, id [sha256.Size]byte, m *chain.Message, now time.Time) error {
	if g.cfg.Twin == nil || m.SenderID != g.cfg.Signer.PeerID() || m.Signature == "" || m.Timestamp.Micro() <= g.started.UnixMicro() {
		return nil
	}
	g.mu.Lock()
	known := g.seen.has(id, now) || g.seen.lost > 0 // ours, or perhaps forgotten
	g.mu.Unlock()
	if known {
		return nil
	}
	if err := g.verify(m); err != nil {
		return err
	}
	g.mu.Lock()
	g.seen.add(id, now)
	g.mu.Unlock()
	g.cfg.Twin(host)
	return nil
}

func (g *Flood) verify(m *chain.Message) error {
	if m.Signature == "" && m.PublicKey == "" {
		return nil // check let it pass
	}
	if err := chain.VerifyMessage(m, g.cfg.Network); err != nil {
		return &Refusal{Why: ReasonSignature, Err: err}
	}
	return nil
}

// accept marks, delivers and, with relay, forwards a verified message.
func (g *Flood) accept(ctx context.Context, host string, m *chain.Message, id [sha256.Size]byte, now time.Time, relay bool) error {
	g.mu.Lock()
	if g.seen.has(id, now) { // a second copy overtook this one
		g.stats.Duplicates++
		g.mu.Unlock()
		return ErrDuplicate
	}
	if !g.authors.take(m.SenderID, now) {
		g.mu.Unlock()
		return refuse(ReasonAuthorRate, "more than %g messages per second by one author", g.cfg.AuthorRate)
	}
	g.seen.add(id, now)
	g.mu.Unlock()

	md := readMetadata(m)
	from := Peer{ID: md.id, Host: host, Port: md.port}
	if md.port != 0 {
		from.Endpoint = net.JoinHostPort(host, strconv.Itoa(md.port))
	}
	if g.cfg.Learn != nil && (md.port != 0 || g.cfg.AllowUnsigned) && md.id != g.cfg.Signer.PeerID() {
		g.cfg.Learn(host, md.port, md.id)
	}
	came := m.Payload
	g.tellVersions(m, md.id)
	m.Payload = chain.WithoutMetadata(m.Payload)
	// The handler owns m; what is forwarded is a copy of the envelope over the
	// same payload, encoded before the handler can touch it.
	var copied []byte
	var tooLarge error
	switch {
	case !relay || m.TTL <= 1:
	case g.cfg.Mesh != nil:
		copied = bare(m)
	case g.cfg.RelayAsIs:
		copied, tooLarge = g.render(m, m.TTL-1, came)
	default:
		copied, tooLarge = g.encode(m, m.TTL-1, g.cfg.Signer.PeerID())
	}
	author, kind := m.SenderID, m.Type
	if err := g.handler(ctx, m, from); err != nil {
		return g.refusedByHandler(id, author, m.Signature != "", err)
	}
	g.mu.Lock()
	g.stats.Accepted++
	g.mu.Unlock()
	if tooLarge != nil {
		g.cfg.Log.Debug("message not forwarded", "err", tooLarge)
	}
	switch {
	case copied == nil:
	case g.cfg.Mesh != nil:
		if err := g.publish(kind, copied); err != nil {
			g.cfg.Log.Debug("message not forwarded", "err", err)
		}
	default:
		g.flood(kind, copied, author, from)
	}
	return nil
}

// Penalize charges an author for something it has signed that no honest node signs.
func (g *Flood) Penalize(author string) {
	if !g.cfg.Authors.Charge(author, authorCost, g.cfg.Now()) {
		return
	}
	g.cfg.Log.Warn("author is cut off", "peer", author)
	if g.cfg.CutOff != nil {
		g.cfg.CutOff(author)
	}
}

func (g *Flood) refusedByHandler(id [sha256.Size]byte, author string, signed bool, err error) error {
	if errors.Is(err, ErrBusy) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		g.mu.Lock()
		g.seen.remove(id)
		g.mu.Unlock()
		return &Refusal{Why: ReasonBusy, Err: err}
	}
	if signed {
		g.Penalize(author)
	}
	return &Refusal{Why: ReasonHandler, Err: err}
}

// tellVersions passes on what the sender's metadata says of its components, if it says anything.
func (g *Flood) tellVersions(m *chain.Message, id string) {
	if g.cfg.Versions == nil {
		return
	}
	if v, err := m.Payload.ObjectOr(chain.MetaComponentVersions, nil); err == nil && v != nil && v.Len() > 0 {
		g.cfg.Versions(id, v)
	}
}
