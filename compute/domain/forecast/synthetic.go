package forecast

import (
	"context"

	"doin.network/node/compute/rng"
)

// Synthesize implements supervised.Problem: a bootstrap of the training differences. The series begins like the training
// rows and has their number; its differences are blocks of one whole period, each drawn uniformly from those of the
// training differences that begin at the position of the period (the calendar month) at which the block is put. Block b is
// draw b of the stream (Bootstrap, step 0).
func (p *problem) Synthesize(_ context.Context, key rng.Key) ([]float64, error) {
	draws := rng.New(key, rng.Bootstrap, 0)
	s, period := p.series, p.config.Period
	rows := s.starts[0]
	// Every block is put a multiple of the period after row 0, so it is taken from one too.
	blocks := uint32((rows - 1) / period)
	series := make([]float64, 1, rows)
	level := float64(s.scaled[0])
	series[0] = s.scale.From(level)
	for b := uint32(0); len(series) < rows; b++ {
		from := int(draws.Intn(b, blocks)) * period
		for i := from; i < from+period && len(series) < rows; i++ {
			level += float64(s.scaled[i+1]) - float64(s.scaled[i])
			series = append(series, s.scale.From(level))
		}
	}
	return series, nil
}
