package join

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

var (
	// ErrAnswer is wrapped by errors about an answer that is not what it should be: garbage, too long, of another network.
	ErrAnswer = errors.New("bad answer")
	// ErrRefused is wrapped by errors about what a host says it does not do.
	ErrRefused = errors.New("refused")
)

// Bounds of answers that are not files.
const (
	maxGenesisBytes = 16 << 20
	maxAnswerBytes  = 512 << 10
	dialTime        = 5 * time.Second
	answerTime      = 20 * time.Second
)

// Client asks nodes and rooms. It follows no redirections and uses no proxy. It is safe for concurrent use; Close it.
type Client struct{ http *http.Client }

// NewClient returns a client.
func NewClient() *Client {
	return &Client{&http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: dialTime}).DialContext, ResponseHeaderTimeout: answerTime,
			MaxResponseHeaderBytes: 64 << 10, DisableCompression: true, IdleConnTimeout: 5 * time.Second},
	}}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Offer is the network of a host.
type Offer struct {
	// Genesis is the network's, or the draft of one that is being made: without evaluators.
	Genesis *chain.Genesis
	// Draft says that Have of Want evaluators have come.
	Draft      bool
	Have, Want int
}

// Offer asks a host for its network. The genesis file of one that runs is what the host's chain has, proved by its key. Errors
// match ErrAnswer where the host answers something else.
func (c *Client) Offer(ctx context.Context, endpoint string) (Offer, error) {
	status, body, err := c.ask(ctx, http.MethodGet, endpoint, "/genesis", nil, maxGenesisBytes)
	if err != nil {
		return Offer{}, err
	}
	var o Offer
	switch status {
	case http.StatusOK:
		if o.Genesis, err = read(endpoint, body); err != nil {
			return Offer{}, err
		}
		return o, c.prove(ctx, endpoint, o.Genesis.NetworkID())
	case http.StatusAccepted:
		return waiting(endpoint, body)
	case http.StatusNotFound:
		return Offer{}, fmt.Errorf("%w: %s answers, but has no genesis file to give: it is no doin-node of this revision", ErrAnswer, endpoint)
	}
	return Offer{}, failure(endpoint, status, body)
}

// read parses a genesis file that was sent.
func read(endpoint string, body []byte) (*chain.Genesis, error) {
	g, err := chain.ParseGenesis(body)
	if err == nil {
		err = g.CheckFormat()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the genesis file of %s: %w", ErrAnswer, endpoint, err)
	}
	return g, nil
}

// waiting reads a room's answer.
func waiting(endpoint string, body []byte) (o Offer, err error) {
	bad := func(err error) (Offer, error) {
		return Offer{}, fmt.Errorf("%w: the draft of %s: %w", ErrAnswer, endpoint, err)
	}
	top, err := canon.ParseObject(body)
	if err != nil {
		return bad(err)
	}
	have, err1 := top.Int("have")
	want, err2 := top.Int("want")
	draft, err3 := top.Object("genesis")
	if err := errors.Join(err1, err2, err3); err != nil {
		return bad(err)
	}
	if o.Genesis, err = read(endpoint, canon.Default(draft)); err != nil {
		return Offer{}, err
	}
	if have < 0 || want < 1 || want > MaxWait+1 || len(o.Genesis.Evaluators) > 0 {
		return bad(fmt.Errorf("%d of %d evaluators, %d of them named", have, want, len(o.Genesis.Evaluators)))
	}
	o.Draft, o.Have, o.Want = true, int(have), int(want)
	return o, nil
}

// prove demands that the host's chain is of a network and that the host signs for it.
func (c *Client) prove(ctx context.Context, endpoint, network string) error {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	challenge := hex.EncodeToString(nonce[:])
	peers, err := c.object(ctx, endpoint, "/peers?challenge="+challenge)
	if err != nil {
		return err
	}
	self, err := peers.Object("self")
	if err != nil {
		return fmt.Errorf("%w: /peers of %s: %w", ErrAnswer, endpoint, err)
	}
	id, _ := self.StringOr("peer_id", "")
	key, _ := self.StringOr("public_key", "")
	proof, _ := self.StringOr("proof", "")
	status, err := c.object(ctx, endpoint, "/chain/status")
	if err != nil {
		return err
	}
	if said, _ := status.StringOr("network_id", ""); said != network {
		return fmt.Errorf("%w: the genesis file of %s is that of network %s, its chain is of network %.64q", ErrAnswer, endpoint, network, said)
	}
	if err := identity.VerifySender(id, key, proof, identity.KindChallenge, network, []byte(challenge)); err != nil {
		return fmt.Errorf("%w: %s does not prove that it is of network %s: %w", ErrAnswer, endpoint, network, err)
	}
	return nil
}

func (c *Client) object(ctx context.Context, endpoint, path string) (*canon.Object, error) {
	status, body, err := c.ask(ctx, http.MethodGet, endpoint, path, nil, maxAnswerBytes)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, failure(endpoint+path, status, body)
	}
	o, err := canon.ParseObject(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s%s: %w", ErrAnswer, endpoint, path, err)
	}
	return o, nil
}

// ask makes one exchange within answerTime.
func (c *Client) ask(ctx context.Context, method, endpoint, path string, body []byte, most int64) (int, []byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTime, fmt.Errorf("%s%s has not answered within %v", endpoint, path, answerTime))
	defer cancel()
	said := func(err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+endpoint+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, said(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	switch {
	case err != nil:
		return 0, nil, said(err)
	case int64(len(data)) > most:
		return 0, nil, fmt.Errorf("%w: %s%s answers with more than %d bytes", ErrAnswer, endpoint, path, most)
	}
	return res.StatusCode, data, nil
}

// failure is an answer with a status that no answer should have: what it says of itself, shortened.
func failure(where string, status int, body []byte) error {
	text := string(body[:min(len(body), 200)])
	if o, err := canon.ParseObject(body); err == nil {
		if reason, err := o.String("reason"); err == nil {
			text = reason
		}
	}
	kind := ErrAnswer
	if status == http.StatusForbidden || status == http.StatusConflict {
		kind = ErrRefused
	}
	return fmt.Errorf("%w: %s answers %d: %.200q", kind, where, status, text)
}
