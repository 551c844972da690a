package supervised_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"doin.network/node/compute/domain/supervised"
)

// slow is sine with a member whose fit takes as long as its context lasts.
type slow struct {
	*sine
	fitting chan struct{}
}

func (s slow) Members() []supervised.Member { return []supervised.Member{endless{fitting: s.fitting}} }

type endless struct {
	zero
	fitting chan struct{}
}

func (endless) Name() string { return "endless" }

func (e endless) Fit(ctx context.Context, _ int) (supervised.Fitted, error) {
	select {
	case e.fitting <- struct{}{}:
	case <-ctx.Done():
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// A claim that waits until another has fitted the closed forms ends with its own context, not with the other's.
func TestClaimWaitsCancelled(t *testing.T) {
	c := supervised.DefaultConfig(sineSpace())
	c.MaxSteps = 1
	s, spec, err := loadSine(c, strings.NewReader(curve(50, math.Sin)))
	if err != nil {
		t.Fatal(err)
	}
	problem := slow{s, make(chan struct{})}
	d, err := supervised.New(&c, spec, problem)
	if err != nil {
		t.Fatal(err)
	}
	p := d.Parameters(supervised.Lowest(sineSpace()))
	first, cancelFirst := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	claim := func(ctx context.Context) {
		_, err := d.Claim(ctx, p, []uint64{1}, nil)
		ended <- err
	}
	go claim(first)
	<-problem.fitting
	second, cancelSecond := context.WithCancel(t.Context())
	cancelSecond()
	go claim(second)
	third, cancelThird := context.WithCancel(t.Context())
	go claim(third)
	for _, cancel := range []func(){func() {}, cancelThird} {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("a claim that waits ended with %v, want %v", err, context.Canceled)
		}
	}
	cancelFirst()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the first claim ended with %v, want %v", err, context.Canceled)
	}
}
