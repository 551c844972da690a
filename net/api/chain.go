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
	o := canon.NewObject("chain_height", s.Height, "tip_hash", s.TipHash, "tip_index", s.TipIndex,
		"finalized_height", s.FinalizedHeight, "network_id", a.cfg.Network)
	if a.cfg.ComponentVersions != nil {
		o.Set("component_versions", a.cfg.ComponentVersions)
	}
	writeJSON(rc, fasthttp.StatusOK, o)
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
	more := to < s.Height-1
	body, cut, err := a.appendBlocks(ctx, max(from, 0), min(to, s.Height-1))
	if err != nil {
		return err
	}
	out := append([]byte(`{"request_id": `), canon.AppendDefault(nil, clip(queryText(rc, "request_id")))...)
	out = append(out, `, "blocks": [`...)
	out = append(out, body...)
	out = append(out, `], "has_more": `...)
	out = strconv.AppendBool(out, more || cut)
	out = append(out, '}')
	writeBody(rc, fasthttp.StatusOK, "application/json; charset=utf-8", out)
	return nil
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
