package chainsync

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Getter is the part of an HTTP client that HTTPFetcher needs.
type Getter interface {
	// Get returns the status and the body of GET http://endpoint+path.
	Get(ctx context.Context, endpoint, path string) (status int, body []byte, err error)
}

// HTTPFetcher is the Fetcher over GET /chain/status and /chain/blocks.
type HTTPFetcher struct {
	Client Getter
	// TooLarge reports whether an error of Client says that the answer was
	// above its limit. nil: never.
	TooLarge func(error) bool
}

// Status implements Fetcher.
func (f HTTPFetcher) Status(ctx context.Context, endpoint string) (Status, error) {
	o, _, err := f.get(ctx, endpoint, "/chain/status")
	if err != nil {
		return Status{}, err
	}
	var s Status
	var errs [4]error
	s.Height, errs[0] = o.Int("tip_index")
	s.Tip, errs[1] = o.String("tip_hash")
	s.Finalized, errs[2] = o.IntOr("finalized_height", -1)
	s.Network, errs[3] = o.StringOr("network_id", "")
	if err := errors.Join(errs[:]...); err != nil {
		return Status{}, fmt.Errorf("%w: chain status: %w", ErrInvalid, err)
	}
	if s.Height >= 0 && !chain.IsHash(s.Tip) {
		return Status{}, fmt.Errorf("%w: chain status: tip hash %.80q", ErrInvalid, s.Tip)
	}
	return s, nil
}

// Blocks implements Fetcher.
func (f HTTPFetcher) Blocks(ctx context.Context, endpoint string, from, to int64) ([]*chain.Block, int, error) {
	o, size, err := f.get(ctx, endpoint, fmt.Sprintf("/chain/blocks?from=%d&to=%d", from, to))
	if err != nil {
		return nil, size, err
	}
	list, err := o.List("blocks")
	if err != nil {
		return nil, size, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if int64(len(list)) > to-from+1 {
		return nil, size, fmt.Errorf("%w: %d blocks where %d were asked for", ErrInvalid, len(list), to-from+1)
	}
	blocks := make([]*chain.Block, 0, len(list))
	for i, v := range list {
		bo, err := canon.AsObject(v)
		if err != nil {
			return nil, size, fmt.Errorf("%w: block %d: %w", ErrInvalid, from+int64(i), err)
		}
		b, err := chain.BlockFromObject(bo)
		if err != nil {
			return nil, size, fmt.Errorf("%w: block %d: %w", ErrInvalid, from+int64(i), err)
		}
		blocks = append(blocks, b)
	}
	return blocks, size, nil
}

func (f HTTPFetcher) get(ctx context.Context, endpoint, path string) (*canon.Object, int, error) {
	status, body, err := f.Client.Get(ctx, endpoint, path)
	if err != nil {
		if f.TooLarge != nil && f.TooLarge(err) {
			return nil, 0, fmt.Errorf("%w: %w", ErrTooLarge, err)
		}
		return nil, 0, err
	}
	if status != 200 {
		return nil, len(body), fmt.Errorf("%s%s answered %d", endpoint, path, status)
	}
	o, err := canon.ParseObject(body)
	if err != nil {
		return nil, len(body), fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	return o, len(body), nil
}
