package stack

import (
	"errors"
	"testing"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
)

func TestVerdict(t *testing.T) {
	f := func(err, want error) {
		t.Helper()
		if got := verdict(err); !errors.Is(got, want) || want == nil && got != nil {
			t.Errorf("verdict(%v) = %v, want %v", err, got, want)
		}
	}
	f(nil, nil)
	f(worker.ErrDataHash, protocol.ErrAbstain)
	f(worker.ErrUnknownDomain, protocol.ErrAbstain)
	f(worker.ErrUnsupported, protocol.ErrAbstain)
	f(worker.ErrRefused, protocol.ErrRefused)
	f(worker.ErrTimeout, protocol.ErrAbstain)
	f(worker.ErrMemory, protocol.ErrAbstain)
	f(worker.ErrWorkerDied, worker.ErrWorkerDied)
	if err := verdict(worker.ErrWorkerDied); errors.Is(err, protocol.ErrRefused) || errors.Is(err, protocol.ErrAbstain) {
		t.Errorf("a worker's death is a verdict: %v", err)
	}
}
