package engine

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"doin.network/node/bench/workload"
)

// Child measures S2 with one worker in this process and returns microseconds per model-step: what the parent starts several
// times to learn what independent processes reach. Cores that share execution units cannot do better.
func Child(ctx context.Context, cfg Config) (float64, error) {
	cfg.Rounds, cfg.Peers = 1, false
	b, err := newBench(cfg)
	if err != nil {
		return 0, err
	}
	if err := b.train(ctx, workloads()[0], 1); err != nil {
		return 0, err
	}
	return b.last(workload.S2 + "/1"), nil
}

// independent runs n processes at once and adds how much faster they are together than one alone.
func (b *bench) independent(ctx context.Context, n int) error {
	alone, err := b.children(ctx, 1)
	if err != nil {
		return err
	}
	together, err := b.children(ctx, n)
	if err != nil {
		return err
	}
	var rate float64
	for _, us := range together {
		rate += 1 / us
	}
	b.add("independent", rate*alone[0])
	return nil
}

// children runs n processes at once and returns what each reports.
func (b *bench) children(ctx context.Context, n int) ([]float64, error) {
	out, errs := make([]float64, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			cmd := exec.CommandContext(ctx, b.cfg.Self[0], append(b.cfg.Self[1:], "--duration", b.cfg.Duration.String(), "--isa", string(b.isa))...)
			text, err := cmd.Output()
			if err == nil {
				out[i], err = strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("bench: child process: %w", err)
		}
	}
	return out, nil
}
