package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/valyala/fasthttp"

	"doin.network/node/internal/canon"
)

// chainStatus answers GET /chain/status. network_id and component_versions
// stand after the reference's members.
func (a *API) chainStatus(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	s, err := a.parts.Chain.Status(ctx)
	if err != nil {
		return err
	}
	writeBody(rc, fasthttp.StatusOK, contentJSON, a.state.get(s, func() []byte {
		o := canon.NewObject("chain_height", s.Height, "tip_hash", s.TipHash, "tip_index", s.TipIndex,
			"finalized_height", s.FinalizedHeight, "network_id", a.cfg.Network)
		if a.cfg.ComponentVersions != nil {
			o.Set("component_versions", a.cfg.ComponentVersions)
		}
		return canon.Default(o)
	}))
	return nil
}

// maxBlocks is the number of blocks of one answer.
const maxBlocks = 50

// chainBlocks answers GET /chain/blocks?from&to&request_id.
func (a *API) chainBlocks(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	s, err := a.parts.Chain.Status(ctx)
	if err != nil {
		return err
	}
	from, err := queryInt(rc, "from", 0)
	if err != nil {
		return err
	}
	to, err := queryInt(rc, "to", s.Height-1)
	if err != nil {
		return err
	}
	if from <= math.MaxInt64-(maxBlocks-1) {
		to = min(to, from+maxBlocks-1) // capped from a negative from, too
	}
	p, err := a.page(ctx, pageKey{s.TipHash, max(from, 0), min(to, s.Height-1)}, to < s.Height-1)
	if err != nil {
		return err
	}
	if id := clip(queryText(rc, "request_id")); id != "" {
		p = append(canon.AppendDefault([]byte(pageStart), id), p[len(pageStart)+len(`""`):]...)
	}
	writeBody(rc, fasthttp.StatusOK, contentJSON, p)
	return nil
}

const pageStart = `{"request_id": `

// page returns the answer with the blocks k.from..k.to of the chain that ends in k.tip, and no request id; more says
// that there are blocks above k.to. It is shared: only to be read. The tip may have changed since the caller looked; what
// is kept for it is right for as long as both looks agree.
func (a *API) page(ctx context.Context, k pageKey, more bool) ([]byte, error) {
	if p, ok := a.pages.get(k); ok {
		return p, nil
	}
	select {
	case a.making <- struct{}{}:
		defer func() { <-a.making }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p, ok := a.pages.get(k); ok { // made while this one waited
		return p, nil
	}
	blocks, cut, err := a.appendBlocks(ctx, k.from, k.to)
	if err != nil {
		return nil, err
	}
	p := append([]byte(pageStart+`"", "blocks": [`), blocks...)
	p = append(p, `], "has_more": `...)
	p = strconv.AppendBool(p, more || cut)
	p = append(p, '}')
	if s, err := a.parts.Chain.Status(ctx); err == nil && s.TipHash == k.tip {
		a.pages.put(k, p)
	}
	return p, nil
}

// appendBlocks renders the blocks from..to, fewer (cut) where they get too long.
func (a *API) appendBlocks(ctx context.Context, from, to int64) (body []byte, cut bool, err error) {
	if from > to {
		return nil, false, nil
	}
	blocks, err := a.parts.Chain.Blocks(ctx, from, to)
	if err != nil {
		return nil, false, err
	}
	for i, b := range blocks {
		if len(body) >= a.cfg.MaxBlocksBytes {
			return body, true, nil
		}
		if i > 0 {
			body = append(body, ", "...)
		}
		body = canon.AppendDefault(body, b.Object())
	}
	return body, false, nil
}

// chainBlock answers GET /chain/block/{index}.
func (a *API) chainBlock(ctx context.Context, rc *fasthttp.RequestCtx, arg string) error {
	index, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return bad("block index must be an integer", nil)
	}
	missing := status(fasthttp.StatusNotFound, fmt.Sprintf("block %d not found", index), nil)
	if index < 0 {
		return missing
	}
	b, err := a.parts.Chain.Block(ctx, index)
	if errors.Is(err, ErrNotFound) {
		return missing
	}
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, b.Object())
	return nil
}
