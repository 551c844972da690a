package loop

import (
	"context"

	"doin.network/node/chain/protocol"
)

// Post hands the loop an event whose effects nobody waits for. It fails with ErrBusy rather than wait.
func (l *Loop[V]) Post(ev protocol.Event) error {
	select {
	case l.requests <- request{event: ev}:
		return nil
	case <-l.stopped:
		return context.Canceled
	default:
		return ErrBusy
	}
}

// Deliver hands the loop an event that must not be lost: it waits for room.
func (l *Loop[V]) Deliver(ctx context.Context, ev protocol.Event) {
	select {
	case l.requests <- request{event: ev}:
	case <-ctx.Done():
	case <-l.stopped:
	}
}

// Call hands the loop an event and returns its effects after they were carried out.
func (l *Loop[V]) Call(ctx context.Context, ev protocol.Event) ([]protocol.Effect, error) {
	return l.do(ctx, request{event: ev})
}

// Ask lets f look at the machine's tasks inside the loop.
func (l *Loop[V]) Ask(ctx context.Context, f func(Tasks)) error {
	_, err := l.do(ctx, request{ask: f})
	return err
}

func (l *Loop[V]) do(ctx context.Context, r request) ([]protocol.Effect, error) {
	r.reply = make(chan []protocol.Effect, 1)
	select {
	case l.requests <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.stopped:
		return nil, context.Canceled
	}
	select {
	case out := <-r.reply:
		return out, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.stopped:
		return nil, context.Canceled
	}
}
