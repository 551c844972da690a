package forecast

import (
	"context"

	"doin.network/node/compute/rng"
)

// Synthesize implements supervised.Problem: a bootstrap of the training differences. The series goes on from what precedes the
// test part, with as many rows as precede the first origin's validation; its differences are blocks of one whole period, each
// drawn uniformly from those of the differences before that which begin at the position of the period (the calendar month) at
// which the block is put. Block b is draw b of the stream (Bootstrap, step 0); of several series, of the step that is its
// place among them.
func (p *problem) Synthesize(_ context.Context, key rng.Key) ([]float64, error) {
	if len(p.singles) == 0 {
		return p.synthesize(key), nil
	}
	var all []float64
	for _, one := range p.singles {
		all = append(all, one.synthesize(key)...)
	}
	return all, nil
}

// synthesize is Synthesize of one series.
func (p *problem) synthesize(key rng.Key) []float64 {
	draws := rng.New(key, rng.Bootstrap, uint32(p.which))
	s, period := p.series, p.config.Period
	rows := s.starts[0]
	// Every block is put whole periods after the last row before the test part, so it is taken from there too.
	last := s.test - 1
	blocks := uint32((rows - 1 - last%period) / period)
	series := make([]float64, 0, rows)
	level := float64(s.scaled[last])
	for b := uint32(0); len(series) < rows; b++ {
		from := last%period + int(draws.Intn(b, blocks))*period
		for i := from; i < from+period && len(series) < rows; i++ {
			level += float64(s.scaled[i+1]) - float64(s.scaled[i])
			series = append(series, s.scale.From(level))
		}
	}
	return series
}
