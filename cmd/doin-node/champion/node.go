package champion

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/net/transport"
)

const (
	// answerTime bounds one question to a node, inferences aside, which it may train for.
	answerTime    = 10 * time.Second
	inferenceTime = 75 * time.Second // the node waits for 60 of them
	// maxAnswerBytes bounds an answer: 50 blocks.
	maxAnswerBytes = 1 << 30
)

// node is a running node that is asked.
type node struct {
	progress *canon.Object // of /status, nil before it was asked for
	endpoint string
	client   *transport.Client
}

// ask returns the node at an address, if it is of the network.
func ask(ctx context.Context, endpoint, network string) (*node, error) {
	cfg := transport.DefaultClientConfig()
	cfg.Name, cfg.Timeout, cfg.MaxResponseBytes = "doin-node", inferenceTime, maxAnswerBytes
	n := &node{endpoint: endpoint, client: transport.NewClient(cfg)}
	o, err := n.get(ctx, "/chain/status")
	if err == nil {
		var id string
		if id, err = o.StringOr("network_id", ""); err == nil && id != network {
			err = fmt.Errorf("it is of network %.12s, the data directory of %.12s", id, network)
		}
	}
	if err != nil {
		n.client.Close()
		return nil, err
	}
	return n, nil
}

func (n *node) close() error {
	n.client.Close()
	return nil
}

func (n *node) get(ctx context.Context, path string) (*canon.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return n.client.GetJSON(ctx, n.endpoint, path)
}

// read implements blocks. The node sends as many as it likes.
func (n *node) read(ctx context.Context, from int64) (out []*chain.Block, err error) {
	o, err := n.get(ctx, fmt.Sprintf("/chain/blocks?from=%d&to=%d", from, from+49))
	if err != nil {
		return nil, err
	}
	list, err := o.List("blocks")
	if err != nil {
		return nil, err
	}
	for i, v := range list {
		bo, err := canon.AsObject(v)
		if err != nil {
			return nil, err
		}
		b, err := chain.BlockFromObject(bo)
		if err != nil {
			return nil, err
		}
		if b.Header.Index != from+int64(i) || b.ComputeHash() != b.Hash {
			return nil, fmt.Errorf("%s sent block %d with another hash or place than its own", n.endpoint, b.Header.Index)
		}
		out = append(out, b)
	}
	return out, nil
}

// metrics implements blocks: a node tells those of the champion that it answers by.
func (n *node) metrics(ctx context.Context, id string) (*canon.Object, error) {
	if n.progress == nil {
		o, err := n.get(ctx, "/status")
		if err != nil {
			return nil, err
		}
		if n.progress, err = o.Object("progress"); err != nil {
			return nil, err
		}
	}
	for _, v := range n.progress.All() {
		o, ok := v.(*canon.Object)
		if !ok {
			continue
		}
		c, err := o.ObjectOr("champion", nil)
		if err != nil || c == nil {
			continue
		}
		if name, err := c.StringOr("optimae_id", ""); err == nil && name == id {
			return c.ObjectOr("metrics", nil)
		}
	}
	return nil, nil
}

// infer asks the node's champion of a domain. A refused input is an *InputError.
func (n *node) infer(ctx context.Context, domain string, input *canon.Object) (*Answer, error) {
	body := canon.Default(canon.NewObject("domain_id", domain, "input_data", input, "client_id", "doin-node", "wait", 60.0))
	status, answer, err := n.client.Post(ctx, n.endpoint, "/inference", body)
	if err != nil {
		return nil, err
	}
	o, err := canon.ParseObject(answer)
	switch {
	case err != nil:
		return nil, fmt.Errorf("answer of %s/inference: %w", n.endpoint, err)
	case status == http.StatusBadRequest:
		return nil, &InputError{Reason: sentence(errors.New(reasonOf(o)))}
	case status != http.StatusOK:
		return nil, fmt.Errorf("%s/inference answered %d: %s", n.endpoint, status, reasonOf(o))
	}
	if done, _ := o.StringOr("status", ""); done != "completed" {
		return nil, fmt.Errorf("%s is busy training: no answer within a minute", n.endpoint)
	}
	a := &Answer{}
	if a.Output, err = o.Object("result"); err != nil {
		return nil, err
	}
	if a.OptimaeID, err = o.StringOr("optimae_id", ""); err != nil {
		return nil, err
	}
	a.Verified, err = o.BoolOr("verified", false)
	return a, err
}

// reasonOf is what a refusal says.
func reasonOf(o *canon.Object) string {
	for _, key := range []string{"reason", "detail"} {
		if text, err := o.StringOr(key, ""); err == nil && text != "" {
			return text
		}
	}
	return "without a reason"
}
