package wallet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
	"doin.network/node/net/transport"
)

// answerTime bounds one question to a node.
const answerTime = 10 * time.Second

// node is a running node that is asked.
type node struct {
	endpoint string // host:port
	client   *transport.Client
}

func connect(endpoint string) *node {
	cfg := transport.DefaultClientConfig()
	cfg.Name, cfg.Timeout, cfg.DialTimeout, cfg.MaxResponseBytes = "doin-node wallet", answerTime, answerTime, 8<<20
	return &node{endpoint: endpoint, client: transport.NewClient(cfg)}
}

// endpointOf reads "http://host:port" or "host:port".
func endpointOf(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return "", refuse("--url %s: want http://HOST:PORT", text)
	}
	return u.Host, nil
}

// account is what a node says of an account.
type account struct {
	object          *canon.Object
	balance, locked int64
	nonce, next     int64
	baseFee, stake  int64
	registered      bool
	since, left     int64 // heights of the registration, or of leaving one
	eligible        bool
	reason, remedy  string
	network         string
	height          int64
	reputation      float64
	waiting         int

	// protocol is the chain's. Of protocol 2: slot is that in which a transaction of now is signed, domains are all, ascending, and signing
	// is what the node says stands in signatures.
	protocol, slot int64
	signing        string
	domains        []string
}

// account asks for an account. A node that does not answer is a sentence with what to do.
func (n *node) account(ctx context.Context, id string) (*account, error) {
	o, err := n.get(ctx, "/balance/"+id)
	if err != nil {
		return nil, fmt.Errorf("no node answers at %s (name another by --url, or start it): %w", n.endpoint, err)
	}
	a, err := parseAccount(o)
	if err != nil {
		return nil, fmt.Errorf("answer of %s/balance: %w", n.endpoint, err)
	}
	return a, nil
}

func (n *node) get(ctx context.Context, path string) (*canon.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return n.client.GetJSON(ctx, n.endpoint, path)
}

func parseAccount(o *canon.Object) (*account, error) {
	a := &account{object: o}
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	amount := func(key string, at *int64) {
		text, err := o.String(key)
		if err == nil {
			*at, err = ledger.ParseAmount(text)
		}
		keep(err)
	}
	integer := func(key string, at *int64) {
		v, err := o.Int(key)
		*at = v
		keep(err)
	}
	amount("balance", &a.balance)
	amount("locked", &a.locked)
	amount("base_fee", &a.baseFee)
	amount("stake", &a.stake)
	integer("nonce", &a.nonce)
	integer("next_nonce", &a.next)
	integer("height", &a.height)
	var err error
	a.network, err = o.String("network_id")
	keep(err)
	a.reputation, err = o.Float("reputation")
	keep(err)
	waiting, err := o.List("waiting")
	a.waiting = len(waiting)
	keep(err)
	e, err := o.Object("evaluator")
	keep(err)
	if err == nil {
		a.registered, err = e.Bool("registered")
		keep(err)
		a.eligible, err = e.Bool("eligible")
		keep(err)
		a.reason, _ = e.StringOr("reason", "")
		a.remedy, _ = e.StringOr("remedy", "")
	}
	a.since, err = o.IntOr("registered_at", 0)
	keep(err)
	a.left, err = o.IntOr("left_at", 0)
	keep(err)
	a.protocol, err = o.IntOr("protocol", chain.Protocol)
	keep(err)
	a.signing, err = o.StringOr("signing_id", a.network)
	keep(err)
	a.slot, err = o.IntOr("slot", 0)
	keep(err)
	domains, err := o.ListOr("domains", nil)
	keep(err)
	for _, v := range domains {
		id, ok := v.(string)
		if !ok {
			keep(errors.New("domains: want texts"))
		}
		a.domains = append(a.domains, id)
	}
	return a, errors.Join(errs...)
}

// place is where a transaction is; the zero value is nowhere.
type place struct {
	known, included bool
	height          int64
}

// find asks where a transaction is.
func (n *node) find(ctx context.Context, id string) (place, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	o, err := n.client.GetJSON(ctx, n.endpoint, "/transactions/"+id)
	var answered *transport.StatusError
	switch {
	case errors.As(err, &answered) && answered.Status == http.StatusNotFound:
		return place{}, nil
	case err != nil:
		return place{}, err
	}
	return placeOf(o)
}

func placeOf(o *canon.Object) (place, error) {
	status, err := o.String("status")
	if err != nil {
		return place{}, err
	}
	p := place{known: true, included: status == "included"}
	if p.included {
		p.height, err = o.Int("height")
	}
	return p, err
}

// post offers a transaction. A refusal is a *Refusal with the node's reason; any other error leaves open whether it was taken.
func (n *node) post(ctx context.Context, tx *chain.Tx) (place, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	status, body, err := n.client.Post(ctx, n.endpoint, "/transactions", canon.Default(tx.Object()))
	if err != nil {
		return place{}, err
	}
	o, err := canon.ParseObject(body)
	switch {
	case status == http.StatusBadRequest || status == http.StatusConflict:
		return place{}, refuse("the node does not take it: %s", reasonOf(o))
	case err != nil || status != http.StatusOK:
		return place{}, fmt.Errorf("%s/transactions answered %d: %s", n.endpoint, status, reasonOf(o))
	}
	return placeOf(o)
}

func reasonOf(o *canon.Object) string {
	for _, key := range []string{"reason", "detail"} {
		if o == nil {
			break
		}
		if text, err := o.StringOr(key, ""); err == nil && text != "" {
			return text
		}
	}
	return "without a reason"
}
