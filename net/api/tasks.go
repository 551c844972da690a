package api

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// KindClaim is the purpose of a claim's signature (see identity.Key.Sign); what
// is signed is the task id.
const KindClaim = "claim"

// tasksPending answers GET /tasks/pending?domains&limit.
func (a *API) tasksPending(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	limit, err := queryLimit(rc, 10)
	if err != nil {
		return err
	}
	var domains []string
	for _, d := range strings.Split(queryText(rc, "domains"), ",") {
		if d = strings.TrimSpace(d); d != "" {
			domains = append(domains, d)
		}
	}
	tasks, total, err := a.parts.Tasks.Pending(ctx, domains, limit)
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, canon.NewObject("tasks", list(tasks), "total_pending", int64(total)))
	return nil
}

// task answers GET /tasks/{id}.
func (a *API) task(ctx context.Context, rc *fasthttp.RequestCtx, id string) error {
	t, err := a.parts.Tasks.Task(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return status(fasthttp.StatusNotFound, fmt.Sprintf("task %s not found", clip(id)), nil)
	}
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, t)
	return nil
}

// tasksClaim answers POST /tasks/claim.
func (a *API) tasksClaim(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	const detail = "task_id and evaluator_id required"
	o, err := bodyObject(rc, detail)
	if err != nil {
		return err
	}
	id, err := required(o, "task_id", detail)
	if err != nil {
		return err
	}
	evaluator, err := required(o, "evaluator_id", detail)
	if err != nil {
		return err
	}
	if err := a.verifyClaim(o, id, evaluator); err != nil {
		return err
	}
	t, err := a.parts.Tasks.Claim(ctx, id, evaluator)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return status(fasthttp.StatusConflict, "task not found or already claimed", nil)
	}
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, canon.NewObject("status", "claimed", "task", t))
	return nil
}

// verifyClaim demands, in the strict profile, that evaluator signed the task id.
func (a *API) verifyClaim(o *canon.Object, id, evaluator string) error {
	if !a.cfg.Strict {
		return nil
	}
	key, err1 := o.StringOr("public_key", "")
	sig, err2 := o.StringOr("signature", "")
	err := errors.Join(err1, err2)
	if err == nil && (key == "" || sig == "") {
		err = errors.New("unsigned: the strict profile takes only claims with public_key and signature")
	}
	if err == nil {
		err = identity.VerifySender(evaluator, key, sig, KindClaim, a.cfg.Network, []byte(id))
	}
	if err != nil {
		return status(fasthttp.StatusForbidden, "signed claim required", err)
	}
	return nil
}

// tasksComplete answers POST /tasks/complete.
func (a *API) tasksComplete(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	const detail = "task_id required"
	o, err := bodyObject(rc, detail)
	if err != nil {
		return err
	}
	id, err := required(o, "task_id", detail)
	if err != nil {
		return err
	}
	var block bool
	if o.Has("vote") || a.cfg.Strict {
		block, err = a.vote(ctx, id, o)
	} else {
		block, err = a.complete(ctx, id, o)
	}
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return status(fasthttp.StatusConflict, "task not found or not claimed", nil)
	}
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK,
		canon.NewObject("status", "completed", "task_id", id, "block_generated", block))
	return nil
}

// vote completes a task by a signed vote.
func (a *API) vote(ctx context.Context, id string, o *canon.Object) (bool, error) {
	if !o.Has("vote") {
		return false, status(fasthttp.StatusForbidden, "signed vote required",
			errors.New("unsigned: the strict profile takes only bodies with a signed vote"))
	}
	vo, err := o.Object("vote")
	if err != nil {
		return false, bad("invalid vote", err)
	}
	v, err := chain.VoteFromObject(vo)
	if err == nil {
		err = v.ValidateBasic()
	}
	if err != nil {
		return false, bad("invalid vote", err)
	}
	if err := chain.VerifyVote(v, a.cfg.Network); err != nil {
		return false, status(fasthttp.StatusForbidden, "signed vote required", err)
	}
	return a.parts.Tasks.Vote(ctx, id, v)
}

// complete completes a task the reference's way.
func (a *API) complete(ctx context.Context, id string, o *canon.Object) (bool, error) {
	c := Completion{TaskID: id}
	var err error
	if c.EvaluatorID, err = o.StringOr("evaluator_id", ""); err != nil || len(c.EvaluatorID) > maxName {
		return false, bad("evaluator_id must be a short text", err)
	}
	if v, ok := o.Get("verified_performance"); ok && v != nil {
		f, err := canon.AsFloat(v)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return false, bad("verified_performance must be a finite number", err)
		}
		c.VerifiedPerformance = &f
	}
	if c.Result, err = o.ObjectOr("result", nil); err != nil {
		return false, bad("result must be an object", err)
	}
	return a.parts.Tasks.Complete(ctx, c)
}

const (
	defaultWait = 10.0
	maxWait     = 60 * time.Second
)

// inference answers POST /inference.
func (a *API) inference(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	const detail = "domain_id required"
	o, err := bodyObject(rc, detail)
	if err != nil {
		return err
	}
	var r InferenceRequest
	if r.Domain, err = required(o, "domain_id", detail); err != nil {
		return err
	}
	if r.Input, err = o.ObjectOr("input_data", canon.NewObject()); err != nil {
		return bad("input_data must be an object", err)
	}
	if r.Client, err = o.StringOr("client_id", "anonymous"); err != nil || len(r.Client) > maxName {
		return bad("client_id must be a short text", err)
	}
	seconds, err := queryOrBodyNumber(rc, o, "wait", defaultWait)
	if err != nil {
		return err
	}
	if seconds < 0 {
		return bad("wait must not be negative", nil)
	}
	wait := time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second))

	if r.Free = a.belongs(rc); !r.Free {
		select {
		case a.strangers <- struct{}{}:
			defer func() { <-a.strangers }()
		default:
			return fmt.Errorf("%w: too many forecasts for strangers", ErrBusy)
		}
	}
	queue, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	id, result, err := a.parts.Inference.Infer(queue, r)
	switch {
	case errors.Is(err, ErrUnknownDomain):
		return status(fasthttp.StatusNotFound, "unknown domain: "+clip(r.Domain), nil)
	case err != nil:
		return err
	}
	return a.await(ctx, rc, id, wait, result)
}

// belongs reports whether who asks is on this machine, and not behind a proxy on it, or holds the token.
func (a *API) belongs(rc *fasthttp.RequestCtx) bool {
	h := &rc.Request.Header
	if token, ok := strings.CutPrefix(string(h.Peek("Authorization")), "Bearer "); ok && a.cfg.Token != "" {
		return subtle.ConstantTimeCompare([]byte(token), []byte(a.cfg.Token)) == 1
	}
	for _, forwarded := range []string{"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"} {
		if len(h.Peek(forwarded)) > 0 {
			return false
		}
	}
	at, err := netip.ParseAddr(remote(rc))
	return err == nil && at.IsLoopback()
}

// await answers with the result, or that the task is queued when it does not
// come in time.
func (a *API) await(ctx context.Context, rc *fasthttp.RequestCtx, id string, d time.Duration,
	result func(context.Context) (*Forecast, error)) error {
	queued := canon.NewObject("status", "queued", "task_id", id)
	if d <= 0 || result == nil {
		writeJSON(rc, fasthttp.StatusOK, queued)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	v, err := result(ctx)
	switch {
	case err == nil:
		o := canon.NewObject("status", "completed", "task_id", id, "result", v.Result,
			"optimae_id", v.OptimaeID, "verified", v.Verified)
		if v.Solo {
			o.Set("solo", true)
		}
		writeJSON(rc, fasthttp.StatusOK, o)
	case ctx.Err() != nil:
		writeJSON(rc, fasthttp.StatusOK, queued)
	case errors.Is(err, ErrInvalid):
		return bad("invalid input_data", err)
	default:
		a.cfg.Log.Warn("inference failed", "task", id, "err", err)
		writeJSON(rc, fasthttp.StatusInternalServerError,
			refusalBody("inference failed", err.Error()).Set("task_id", id))
	}
	return nil
}
