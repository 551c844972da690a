package chainsync

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/semaphore"

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
	// Small asks for what is small, a status, so that its limits can be. nil: Client.
	Small Getter
	// TooLarge reports whether an error of Client says that the answer was
	// above its limit. nil: never.
	TooLarge func(error) bool
	// MaxBlockBytes is the largest answer with a single block: a larger one is
	// ErrInvalid. 0: no bound beside Client's.
	MaxBlockBytes int
	// Room bounds what the answers that are parsed at one time become in memory,
	// in bytes; an answer that alone would take more than a quarter of it is
	// ErrTooLarge. nil: no bound.
	Room *Room
}

// Room is an amount of memory. It is safe for concurrent use.
type Room struct {
	all   *semaphore.Weighted
	bytes int64
}

// NewRoom returns a room of so many bytes.
func NewRoom(bytes int64) *Room { return &Room{semaphore.NewWeighted(bytes), bytes} }

// valueBytes is about what a parsed value takes beside its text.
const valueBytes = 128

// parse parses an answer within the room; one block that is large may take it all.
func (r *Room) parse(ctx context.Context, body []byte, single bool) (*canon.Object, error) {
	if r == nil {
		return canon.ParseObject(body)
	}
	n := int64(len(body)) + valueBytes*int64(canon.Values(body))
	if n > r.bytes/4 && !single {
		return nil, fmt.Errorf("%w: its values would take %d MiB", ErrTooLarge, n>>20)
	}
	n = min(n, r.bytes)
	if err := r.all.Acquire(ctx, n); err != nil {
		return nil, err
	}
	defer r.all.Release(n)
	return canon.ParseObject(body)
}

// Status implements Fetcher.
func (f HTTPFetcher) Status(ctx context.Context, endpoint string) (Status, error) {
	o, _, err := f.get(ctx, f.small(), endpoint, "/chain/status", false)
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
	o, size, err := f.get(ctx, f.Client, endpoint, fmt.Sprintf("/chain/blocks?from=%d&to=%d", from, to), from == to)
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

func (f HTTPFetcher) small() Getter {
	if f.Small == nil {
		return f.Client
	}
	return f.Small
}

func (f HTTPFetcher) get(ctx context.Context, client Getter, endpoint, path string, single bool) (*canon.Object, int, error) {
	status, body, err := client.Get(ctx, endpoint, path)
	if err != nil {
		if f.TooLarge != nil && f.TooLarge(err) {
			return nil, 0, fmt.Errorf("%w: %w", ErrTooLarge, err)
		}
		return nil, 0, err
	}
	if status != 200 {
		return nil, len(body), fmt.Errorf("%s%s answered %d", endpoint, path, status)
	}
	if single && f.MaxBlockBytes > 0 && len(body) > f.MaxBlockBytes {
		return nil, len(body), fmt.Errorf("%w: %s: %d bytes, one block has %d at most", ErrInvalid, path, len(body), f.MaxBlockBytes)
	}
	o, err := f.Room.parse(ctx, body, single)
	switch {
	case errors.Is(err, ErrTooLarge) || ctx.Err() != nil:
		return nil, len(body), err
	case err != nil:
		return nil, len(body), fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	return o, len(body), nil
}
