package stack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"doin.network/node/chain/protocol"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

// maxWaiting bounds the clients that wait for forecasts.
const maxWaiting = 1000

// inferenceAnswer is what a waiting client gets.
type inferenceAnswer struct {
	result *canon.Object
	err    error
}

// inferences are the clients that wait for forecasts, by handle.
type inferences struct {
	mu      sync.Mutex
	waiting map[string]chan inferenceAnswer
	given   int64 // handles so far
}

func newInferences() *inferences { return &inferences{waiting: map[string]chan inferenceAnswer{}} }

// wait makes a handle, which is never used twice: an answer may come after its client has gone. ok is false without room.
func (i *inferences) wait() (handle string, answer chan inferenceAnswer, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.waiting) >= maxWaiting {
		return "", nil, false
	}
	i.given++
	handle, answer = strconv.FormatInt(i.given, 10), make(chan inferenceAnswer, 1)
	i.waiting[handle] = answer
	return handle, answer, true
}

// answer wakes the client of a handle, if it still waits.
func (i *inferences) answer(handle string, a inferenceAnswer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if c := i.waiting[handle]; c != nil {
		c <- a // it has room for the one answer
		delete(i.waiting, handle)
	}
}

func (i *inferences) forget(handle string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.waiting, handle)
}

// Champions answers inferences with the champion of a domain, here: the verified one, or this node's own while there is none.
type Champions struct{ S *Stack }

var _ api.Inference = Champions{}

// Infer implements api.Inference.
func (v Champions) Infer(ctx context.Context, r api.InferenceRequest) (string, func(context.Context) (*api.Forecast, error), error) {
	handle, answer, ok := v.S.asked.wait()
	if !ok {
		return "", nil, api.ErrBusy
	}
	out, err := v.S.profile.Loop.Call(ctx, protocol.Infer{Domain: r.Domain, Input: r.Input, ClientID: r.Client, Wanted: handle, Free: r.Free})
	for _, f := range out {
		switch f := f.(type) {
		case protocol.Inference:
			return f.TaskID, func(ctx context.Context) (*api.Forecast, error) {
				select {
				case a := <-answer:
					return &api.Forecast{Result: a.result, OptimaeID: f.OptimaeID, Verified: f.Verified, Solo: f.Solo}, inferenceError(a.err)
				case <-ctx.Done():
					v.S.asked.forget(handle)
					return nil, ctx.Err()
				}
			}, nil
		case protocol.SubmitResult:
			err = inferenceError(f.Err)
		}
	}
	v.S.asked.forget(handle)
	if err == nil {
		err = errors.New("inference was not answered")
	}
	return "", nil, err
}

func inferenceError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, protocol.ErrUnknownDomain):
		return api.ErrUnknownDomain
	case errors.Is(err, protocol.ErrNoChampion), errors.Is(err, protocol.ErrQuota), errors.Is(err, task.ErrFull), errors.Is(err, task.ErrDuplicate):
		return fmt.Errorf("%w: %v", api.ErrBusy, err)
	case errors.Is(verdict(err), protocol.ErrRefused), errors.Is(verdict(err), protocol.ErrAbstain), errors.Is(err, task.ErrInvalid):
		return fmt.Errorf("%w: %v", api.ErrInvalid, err)
	}
	return err
}
