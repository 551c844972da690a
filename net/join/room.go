package join

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/valyala/fasthttp"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// MaxWait bounds the requests that a room waits for.
const MaxWait = 1000

// kindJoin is the purpose of a request's signature; its network is the draft's id.
const kindJoin = "join"

// MaxRequestBytes bounds the body of a request.
const MaxRequestBytes = 4 << 10

// maxStrangers is of how many peers that were not invited a room tells.
const maxStrangers = 100

// Invitation says whom a room waits for.
type Invitation struct {
	// Wait is how many others there are to be, 1 to MaxWait.
	Wait int
	// Only are the peer ids of those who get a place, as many as Wait or more; where there are none, the first to come do.
	Only []string
	// Came is told of each that has got a place, Refused, once, of each of the first hundred that are not in Only. They may be nil,
	// and must not block.
	Came    func(e chain.Evaluator, host string, have int)
	Refused func(peerID, host string)
}

// Room is where the evaluators of a network that is being made come together. It is safe for concurrent use.
type Room struct {
	draft      *chain.Genesis
	id         string
	want       int
	invitation Invitation
	full       chan struct{}

	mu        sync.Mutex
	have      []chain.Evaluator
	strangers map[string]bool
}

// NewRoom returns a room for a network of the draft with own and those who are invited. The draft has no evaluators and is not changed.
func NewRoom(draft *chain.Genesis, own chain.Evaluator, i Invitation) *Room {
	return &Room{draft: draft, id: draft.NetworkID(), want: i.Wait + 1, invitation: i, full: make(chan struct{}),
		have: []chain.Evaluator{own}, strangers: map[string]bool{}}
}

// Wait returns the evaluators, own first, when all have come.
func (r *Room) Wait(ctx context.Context) ([]chain.Evaluator, error) {
	select {
	case <-r.full:
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.Clone(r.have), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Serve answers one request; it is a transport.Handler.
func (r *Room) Serve(_ context.Context, rc *fasthttp.RequestCtx) {
	switch method, path := string(rc.Method()), string(rc.Path()); {
	case path == "/genesis" && (method == http.MethodGet || method == http.MethodHead):
		answer(rc, fasthttp.StatusAccepted, r.offer())
	case path == "/join" && method == http.MethodPost:
		r.request(rc)
	default:
		answer(rc, fasthttp.StatusNotFound, canon.NewObject("status", "error", "detail", "not found", "reason", "a network is being made here: GET /genesis"))
	}
}

func answer(rc *fasthttp.RequestCtx, status int, o *canon.Object) {
	rc.SetStatusCode(status)
	rc.SetContentType("application/json; charset=utf-8")
	rc.SetBody(canon.Default(o))
}

func (r *Room) offer() *canon.Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	return canon.NewObject("status", "waiting", "have", len(r.have), "want", r.want, "genesis", r.draft.Object())
}

// request takes a machine in.
func (r *Room) request(rc *fasthttp.RequestCtx) {
	e, err := readRequest(rc.PostBody(), r.id)
	if err != nil {
		answer(rc, fasthttp.StatusBadRequest, canon.NewObject("status", "error", "detail", "bad request", "reason", err.Error()))
		return
	}
	if !r.invited(e.PeerID, rc.RemoteIP().String()) {
		answer(rc, fasthttp.StatusForbidden, canon.NewObject("status", "error", "detail", "not invited",
			"reason", fmt.Sprintf("the new network's evaluators are named, and %s is not among them", e.PeerID)))
		return
	}
	if !r.add(e, rc.RemoteIP().String()) {
		answer(rc, fasthttp.StatusConflict, canon.NewObject("status", "error", "detail", "full",
			"reason", "all evaluators of the new network have come: join it when it runs"))
		return
	}
	answer(rc, fasthttp.StatusOK, canon.NewObject("status", "ok"))
}

// invited reports whether a peer may have a place.
func (r *Room) invited(peerID, host string) bool {
	i := &r.invitation
	if len(i.Only) == 0 || slices.Contains(i.Only, peerID) {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if i.Refused != nil && !r.strangers[peerID] && len(r.strangers) < maxStrangers {
		r.strangers[peerID] = true
		i.Refused(peerID, host)
	}
	return false
}

// add gives e a place, if it has none; false: there is none.
func (r *Room) add(e chain.Evaluator, host string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.have, e) {
		return true
	}
	if len(r.have) == r.want {
		return false
	}
	r.have = append(r.have, e)
	if r.invitation.Came != nil {
		r.invitation.Came(e, host, len(r.have))
	}
	if len(r.have) == r.want {
		close(r.full)
	}
	return true
}

// requestBody is what a request signs.
func requestBody(e chain.Evaluator) *canon.Object {
	return canon.NewObject("peer_id", e.PeerID, "public_key", e.PublicKey)
}

func readRequest(body []byte, draft string) (e chain.Evaluator, err error) {
	if len(body) > MaxRequestBytes {
		return e, fmt.Errorf("larger than %d bytes", MaxRequestBytes)
	}
	o, err := canon.ParseObject(body)
	if err != nil {
		return e, err
	}
	var errs [3]error
	var signature string
	e.PeerID, errs[0] = o.String("peer_id")
	e.PublicKey, errs[1] = o.String("public_key")
	signature, errs[2] = o.String("signature")
	if err := errors.Join(errs[:]...); err != nil {
		return e, err
	}
	return e, identity.VerifySender(e.PeerID, e.PublicKey, signature, kindJoin, draft, canon.Canonical(requestBody(e)))
}

// Request asks the room of a draft for a place. Errors match ErrRefused where there is none.
func (c *Client) Request(ctx context.Context, endpoint string, key *identity.Key, draft *chain.Genesis) error {
	o := requestBody(chain.Evaluator{PeerID: key.PeerID(), PublicKey: key.PublicKey()})
	signature, err := key.Sign(kindJoin, draft.NetworkID(), canon.Canonical(o))
	if err != nil {
		return err
	}
	status, body, err := c.ask(ctx, http.MethodPost, endpoint, "/join", canon.Default(o.Set("signature", signature)), maxAnswerBytes)
	if err == nil && status != http.StatusOK {
		err = failure(endpoint+"/join", status, body)
	}
	return err
}

// Follows reports whether a genesis file is a draft with evaluators, the given one among them.
func Follows(g, draft *chain.Genesis, peerID string) error {
	bare := g.Object()
	bare.Set("evaluators", []any{})
	switch {
	case canon.Hash(bare) != draft.NetworkID():
		return fmt.Errorf("%w: the network that began, %s, is not the one that was shown", ErrAnswer, g.NetworkID())
	case !slices.ContainsFunc(g.Evaluators, func(e chain.Evaluator) bool { return e.PeerID == peerID }):
		return fmt.Errorf("%w: the network began without this machine among its evaluators", ErrAnswer)
	}
	return nil
}
