package forecast

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// Generate implements domain.Domain: a bootstrap of the training differences. The series begins like the training rows
// and has their number; its differences are blocks of one whole period, each drawn uniformly from those of the training
// differences that begin at the position of the period (the calendar month) at which the block is put. Block b is draw b
// of the stream (Bootstrap, step 0) under the key SHA-256(canonical {"contract", "data_hash", "domain",
// "synthetic_seed"})[:8]. Hash is the SHA-256 of the line "doin/forecast/synthetic/1", the number of values as a 64-bit
// word and their bits, little-endian.
func (d *Domain) Generate(ctx context.Context, seed uint32) (*domain.Synthetic, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	task := canon.NewObject(
		"contract", nn.ContractVersion, "data_hash", d.dataHash, "domain", Plugin, "synthetic_seed", seed)
	key := sha256.Sum256(canon.Canonical(task))
	draws := rng.New(rng.KeyFromBytes(key[:]), rng.Bootstrap, 0)

	s, period := d.series, d.config.Period
	rows := s.validation
	// Every block is put a multiple of the period after row 0, so it is taken from one too.
	blocks := uint32((rows - 1) / period)
	series := make([]float64, 1, rows)
	level := float64(s.scaled[0])
	series[0] = s.toOriginal(level)
	for b := uint32(0); len(series) < rows; b++ {
		from := int(draws.Intn(b, blocks)) * period
		for i := from; i < from+period && len(series) < rows; i++ {
			level += float64(s.scaled[i+1]) - float64(s.scaled[i])
			series = append(series, s.toOriginal(level))
		}
	}
	return &domain.Synthetic{Hash: hashSeries(series), Series: series}, nil
}

func hashSeries(series []float64) string {
	b := binary.LittleEndian.AppendUint64([]byte("doin/forecast/synthetic/1\n"), uint64(len(series)))
	for _, v := range series {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// syntheticWindows returns the samples of a synthetic series on which a model with the given view is scored: the same
// origins for every window. The series is scaled as the data are; its row 0 has the calendar position of theirs.
func (d *Domain) syntheticWindows(ctx context.Context, synthetic *domain.Synthetic, v view) (*windows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, first := d.series, d.config.firstOrigin()
	n := len(synthetic.Series)
	if n < first+1+d.config.Horizon || n > MaxRows {
		return nil, fmt.Errorf("%w: series of %d values", domain.ErrSynthetic, n)
	}
	scaled := make([]float32, n)
	for i, y := range synthetic.Series {
		x, ok := s.toScaled(y)
		if !ok {
			return nil, fmt.Errorf("%w: value %d, %v: too far from the training data", domain.ErrSynthetic, i, y)
		}
		scaled[i] = x
	}
	return part(scaled, &s.calendar, v, d.config.Horizon, first, 0, n), nil
}
