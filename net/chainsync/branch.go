package chainsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"doin.network/node/chain"
)

// download is one synchronisation with one peer.
type download struct {
	*Syncer
	peer   Peer
	status Status
	page   int64 // blocks per request, halved where an answer is too large
}

// sync brings us level with p and reports how many blocks were submitted.
func (s *Syncer) sync(ctx context.Context, p Peer) (submitted int, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.SyncTimeout)
	defer cancel()
	x := &download{Syncer: s, peer: p, page: s.cfg.PageBlocks}
	if x.status, err = x.ask(ctx); err != nil {
		return 0, fmt.Errorf("status: %w", err)
	}
	if x.status.Network != "" && s.cfg.Network != "" && x.status.Network != s.cfg.Network {
		return 0, fmt.Errorf("%w: %.80q", ErrNetwork, x.status.Network)
	}
	ours := s.chain.Tip()
	if x.status.Height < 0 || s.has(x.status.Height, x.status.Tip) || s.rejected(p.ID, x.status.Tip, ours) {
		return 0, nil
	}
	s.setActive(+1)
	defer s.setActive(-1)
	common, err := x.ancestor(ctx)
	if err != nil {
		if errors.Is(err, ErrFinal) {
			s.reject(p.ID, x.status.Tip, ours)
		}
		return 0, fmt.Errorf("common block: %w", err)
	}
	submitted, err = x.fetch(ctx, common)
	if errors.Is(err, ErrNotBetter) {
		s.reject(p.ID, x.status.Tip, ours)
	}
	return submitted, err
}

func (s *Syncer) has(height int64, hash string) bool {
	h, ok := s.chain.HashAt(height)
	return ok && h == hash
}

func (x *download) ask(ctx context.Context) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, x.cfg.FirstTimeout)
	defer cancel()
	return x.fetcher.Status(ctx, x.peer.Endpoint)
}

func (x *download) blocks(ctx context.Context, limit time.Duration, from, to int64) ([]*chain.Block, int, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return x.fetcher.Blocks(ctx, x.peer.Endpoint, from, to)
}

// shares reports whether the peer's block at height is ours. A peer that lies
// here is caught by the links of the blocks it then has to serve.
func (x *download) shares(ctx context.Context, height int64) (bool, error) {
	blocks, _, err := x.blocks(ctx, x.cfg.FirstTimeout, height, height)
	if err != nil {
		return false, err
	}
	if len(blocks) != 1 {
		return false, fmt.Errorf("peer has no block %d below its tip %d", height, x.status.Height)
	}
	return x.has(height, blocks[0].Hash), nil
}

// ancestor returns the height of the highest block that the peer and we share.
func (x *download) ancestor(ctx context.Context) (int64, error) {
	floor := max(x.chain.FinalizedHeight(), 0)
	top := min(x.chain.Height(), x.status.Height)
	if top < floor {
		return 0, fmt.Errorf("%w: peer's tip %d, finalized %d", ErrFinal, x.status.Height, floor)
	}
	high := top + 1 // lowest height known not to be shared
	low := top      // candidate
	for step := int64(1); ; step *= 2 {
		ok, err := x.shares(ctx, low)
		if err != nil {
			return 0, err
		}
		if ok {
			break
		}
		if low == floor {
			return 0, fmt.Errorf("%w: block %d differs", ErrFinal, floor)
		}
		high = low
		low = max(floor, top-step)
	}
	for high-low > 1 {
		mid := low + (high-low)/2
		ok, err := x.shares(ctx, mid)
		if err != nil {
			return 0, err
		}
		if ok {
			low = mid
		} else {
			high = mid
		}
	}
	return low, nil
}

// minRate is how many bytes a second a peer has to send that takes longer than Config.FirstTimeout for a page; who sends less
// gives its place up.
const minRate = 16 << 10

var errSlow = errors.New("peer is slow")

// fetch downloads the peer's blocks above common and submits them: some pages at a time while they continue our tip, as one
// branch where they replace blocks. The next page is on its way while the chain looks at those before it.
func (x *download) fetch(ctx context.Context, common int64) (submitted int, err error) {
	previous, ok := x.chain.HashAt(common)
	if !ok {
		return 0, fmt.Errorf("our block %d was replaced meanwhile", common)
	}
	fork := x.chain.Height() > common
	var branch []*chain.Block
	bytes := 0
	ctx, cancel := context.WithCancel(ctx)
	coming := x.order(ctx, common+1)
	defer func() {
		cancel()
		if coming != nil {
			<-coming
		}
	}()
	for next := common + 1; next <= x.status.Height; {
		p := <-coming
		coming = nil
		if p.err != nil {
			return submitted, p.err
		}
		if len(p.blocks) == 0 {
			return submitted, fmt.Errorf("peer has no block %d below its tip %d", next, x.status.Height)
		}
		if previous, err = check(p.blocks, next, previous); err != nil {
			return submitted, err
		}
		next += int64(len(p.blocks))
		branch = append(branch, p.blocks...)
		bytes += p.size
		slow := p.took > x.cfg.FirstTimeout && float64(p.size) < minRate*p.took.Seconds()
		more := next <= x.status.Height
		if more {
			coming = x.order(ctx, next)
		}
		full := len(branch) >= x.cfg.MaxBranchBlocks || bytes >= x.cfg.MaxBranchBytes
		if !fork {
			full = len(branch)+int(x.cfg.PageBlocks) > submitBlocks || bytes >= submitBytes
		}
		if more && !full && !slow {
			continue
		}
		if err := x.submit(ctx, branch); err != nil {
			return submitted, err
		}
		submitted += len(branch)
		x.took(x.peer.ID, x.status.Height-next+1)
		if slow && more {
			return submitted, fmt.Errorf("%w: %d bytes in %v", errSlow, p.size, p.took)
		}
		branch, bytes, fork = nil, 0, false // from here it continues our tip
	}
	return submitted, nil
}

// What is submitted at once of blocks that continue our tip: the store writes as many in one transaction.
const (
	submitBlocks = 256
	submitBytes  = 2 << 20
)

// ordered is a page that was asked for.
type ordered struct {
	blocks []*chain.Block
	size   int
	took   time.Duration
	err    error
}

// order asks for the page from next on; the answer comes exactly once.
func (x *download) order(ctx context.Context, next int64) chan ordered {
	out := make(chan ordered, 1)
	go func() {
		begun := x.cfg.Now()
		blocks, size, err := x.nextPage(ctx, next)
		out <- ordered{blocks, size, x.cfg.Now().Sub(begun), err}
	}()
	return out
}

// nextPage fetches from next on, halving the page while it is too large.
func (x *download) nextPage(ctx context.Context, next int64) ([]*chain.Block, int, error) {
	for {
		page, size, err := x.blocks(ctx, x.cfg.RequestTimeout, next, min(next+x.page-1, x.status.Height))
		if errors.Is(err, ErrTooLarge) && x.page > 1 {
			x.page /= 2
			continue
		}
		return page, size, err
	}
}

// check validates what needs no state and returns the hash of the last block.
func check(page []*chain.Block, next int64, previous string) (string, error) {
	for i, b := range page {
		switch want := next + int64(i); {
		case b.Header.Index != want:
			return "", fmt.Errorf("%w: block %d where %d was asked for", ErrInvalid, b.Header.Index, want)
		case b.Header.PreviousHash != previous:
			return "", fmt.Errorf("%w: block %d links to %.64s, the one before is %s", ErrInvalid, want, b.Header.PreviousHash, previous)
		}
		if err := b.ValidateBasic(); err != nil {
			return "", fmt.Errorf("%w: block %d: %w", ErrInvalid, b.Header.Index, err)
		}
		previous = b.Hash
	}
	return previous, nil
}

// submit hands the blocks that we do not have yet to the chain.
func (x *download) submit(ctx context.Context, blocks []*chain.Block) error {
	for len(blocks) > 0 && x.has(blocks[0].Header.Index, blocks[0].Hash) {
		blocks = blocks[1:]
	}
	if len(blocks) == 0 {
		return nil
	}
	from, to := blocks[0].Header.Index, blocks[len(blocks)-1].Header.Index
	if err := x.chain.Submit(ctx, x.peer.ID, blocks); err != nil {
		return fmt.Errorf("submit blocks %d to %d: %w", from, to, err)
	}
	return nil
}
