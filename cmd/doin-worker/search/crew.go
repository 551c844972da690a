package search

import (
	"context"
	"sync"

	"doin.network/node/compute/domain"
	"doin.network/node/ga"
)

// crew trains candidates on some goroutines, in the order in which they were given, and keeps the
// outcomes until they are asked for. Its goroutines outlive the call that gave them work: a search whose record is on its way
// keeps every slot full.
type crew struct {
	// train runs one candidate. An error ends the search.
	train func(ctx context.Context, c ga.Candidate) (outcome, error)
	// alone says that the candidates are trained by who asks for their outcomes.
	alone bool

	work  sync.WaitGroup
	ready chan struct{} // holds a token when an outcome has come

	mu      sync.Mutex // guards what follows
	size    int        // goroutines at most
	waiting []ga.Candidate
	done    map[int64]outcome
	running int // goroutines
}

// outcome is what became of a candidate.
type outcome struct {
	result ga.Result
	tried  domain.Tried // what result was made of
	err    error
}

// newCrew returns a crew of size goroutines; 0: the candidates are trained by who asks for their outcomes.
func newCrew(size int, train func(context.Context, ga.Candidate) (outcome, error)) *crew {
	return &crew{train: train, alone: size == 0, size: size, ready: make(chan struct{}, 1), done: map[int64]outcome{}}
}

// resize changes how many goroutines there are at most from the next candidate on.
func (w *crew) resize(size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size = size
}

// give queues a candidate, which is trained under ctx.
func (w *crew) give(ctx context.Context, c ga.Candidate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, c)
	if w.running < w.size {
		w.running++
		w.work.Go(func() { w.run(ctx) })
	}
}

// next takes the oldest candidate that waits. Without one, after the end of ctx, and where more are left than there may be, the
// goroutine that asks is over.
func (w *crew) next(ctx context.Context) (c ga.Candidate, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 || ctx.Err() != nil || w.running > w.size {
		w.running--
		return c, false
	}
	c = w.waiting[0]
	w.waiting = w.waiting[1:]
	return c, true
}

// run trains what waits.
func (w *crew) run(ctx context.Context) {
	for {
		c, ok := w.next(ctx)
		if !ok {
			return
		}
		o, err := w.train(ctx, c)
		o.err = err
		w.mu.Lock()
		w.done[c.Trial] = o
		w.mu.Unlock()
		select {
		case w.ready <- struct{}{}:
		default:
		}
	}
}

// result waits for the outcome of a trial that was given.
func (w *crew) result(ctx context.Context, trial int64) (outcome, error) {
	if w.alone {
		c := w.waiting[0] // outcomes are asked for in the order of give
		w.waiting = w.waiting[1:]
		return w.train(ctx, c)
	}
	for {
		w.mu.Lock()
		r, ok := w.done[trial]
		delete(w.done, trial)
		w.mu.Unlock()
		if ok {
			return r, r.err
		}
		select {
		case <-w.ready:
		case <-ctx.Done():
			return outcome{}, ctx.Err()
		}
	}
}

// wait returns when no goroutine is left; the context of all that was given has ended.
func (w *crew) wait() { w.work.Wait() }
