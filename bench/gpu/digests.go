package gpu

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"doin.network/node/compute/device/block"
	"doin.network/node/compute/nn"
)

// DigestConfig says which digests to compare.
type DigestConfig struct {
	// Committed and Random are the sets; nil: none.
	Committed, Random *Committed
	Variants          []block.Variant
	// Quanta are the lengths of launches, in steps. The first is what everything is compared with first.
	Quanta []int
	// Repeats of the plainest way, to find what differs from run to run.
	Repeats int
	// Plain leaves shuffled launches out.
	Plain bool
	// Predictions compares those of the trained networks, too.
	Predictions bool
	// Until is when to stop; what is left is left out. The zero time: never.
	Until time.Time
	// After is called after each run, with the report that it belongs to; nil for nothing. Its error ends the comparison.
	After func() error
}

// DefaultDigests compares everything.
func DefaultDigests() DigestConfig {
	return DigestConfig{
		Variants: []block.Variant{block.Auto, block.Narrow, block.Wide, block.Streamed},
		Quanta:   []int{100, 7, 1}, Repeats: 3, Predictions: true,
	}
}

// shuffleSeed orders the individuals of shuffled launches.
const shuffleSeed = 20

// differingMost bounds the list of names.
const differingMost = 40

// way is one run to make.
type way struct {
	set     string
	tasks   *Committed
	options block.Options
	repeat  int
}

// ways lists the runs, those that say most first: the plainest, its repetitions, the random set, the variants,
// short launches, shuffled ones.
func (c *DigestConfig) ways() []way {
	var list []way
	add := func(set string, tasks *Committed, v block.Variant, quantum int, shuffled bool, repeat int) {
		if tasks == nil || shuffled && c.Plain {
			return
		}
		o := block.Options{Variant: v, StepsPerLaunch: quantum}
		if shuffled {
			o.Shuffle = shuffleSeed
		}
		list = append(list, way{set, tasks, o, repeat})
	}
	if len(c.Variants) == 0 || len(c.Quanta) == 0 {
		return nil
	}
	for r := range max(1, c.Repeats) {
		add("committed", c.Committed, c.Variants[0], c.Quanta[0], false, r+1)
	}
	for _, v := range c.Variants {
		add("random", c.Random, v, c.Quanta[0], false, 1)
	}
	for i, q := range c.Quanta {
		for j, v := range c.Variants {
			if i+j > 0 {
				add("committed", c.Committed, v, q, false, 1)
			}
		}
	}
	for _, q := range c.Quanta {
		for _, v := range c.Variants {
			add("committed", c.Committed, v, q, true, 1)
		}
	}
	for _, v := range c.Variants {
		add("random", c.Random, v, c.Quanta[0], true, 1)
	}
	return list
}

// CheckDigests trains the sets on a card in every way and adds to a report what differs. The error is of the card, or
// ctx's; that a digest differs is none.
func CheckDigests(ctx context.Context, card *Card, c DigestConfig, r *Report) error {
	predicted := !c.Predictions
	ways := c.ways()
	for n, w := range ways {
		if !c.Until.IsZero() && !time.Now().Before(c.Until) {
			r.LeftOut = append(r.LeftOut, fmt.Sprintf("digests: %d of %d runs of %s, for want of time", len(ways)-n, len(ways), card.Source))
			return nil
		}
		results, err := c.run(ctx, card, w, r)
		if err == nil && !predicted {
			predicted = true
			err = comparePredictions(ctx, card, w, results, r)
		}
		if c.After != nil {
			err = errors.Join(err, c.After())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// run trains one set in one way.
func (c *DigestConfig) run(ctx context.Context, card *Card, w way, r *Report) ([]*nn.Result, error) {
	d := runOf(card, w)
	begun := time.Now()
	results, err := trainAll(ctx, card, w)
	d.Seconds = time.Since(begun).Seconds()
	if ctx.Err() != nil { // whatever the card says as well: what ended the run may have ended the driver
		r.LeftOut = append(r.LeftOut, fmt.Sprintf("digests: %s by %s %s, cut off after %.0f s", d.Set, d.Source, d.Variant, d.Seconds))
		return nil, ctx.Err()
	}
	if err != nil {
		d.Error = err.Error()
		r.Digests.add(d)
		return nil, err
	}
	for i, result := range results {
		digest := result.Digest()
		d.Compared++
		if hex.EncodeToString(digest[:]) != w.tasks.Roots[i] {
			d.Different++
			r.Digests.differs(fmt.Sprintf("%s: %s %s, quantum %d, shuffled %t", w.tasks.Names[i], card.Source, d.Variant, d.StepsPerLaunch, d.Shuffled))
		}
	}
	r.Digests.add(d)
	return results, nil
}

func runOf(card *Card, w way) DigestRun {
	name := string(w.options.Variant)
	if name == "" {
		name = "auto"
	}
	return DigestRun{Set: w.set, Source: card.Source, Variant: name, StepsPerLaunch: w.options.StepsPerLaunch, Shuffled: w.options.Shuffle != 0, Repeat: w.repeat}
}

func trainAll(ctx context.Context, card *Card, w way) ([]*nn.Result, error) {
	e, err := card.Engine(w.options)
	if err != nil {
		return nil, err
	}
	results, err := e.TrainAll(ctx, w.tasks.Tasks, nil)
	return results, errors.Join(err, e.Close())
}

// comparePredictions has the card evaluate the networks that it trained on their validation sets.
func comparePredictions(ctx context.Context, card *Card, w way, results []*nn.Result, r *Report) error {
	d := runOf(card, w)
	d.Set = "predictions"
	begun := time.Now()
	e, err := card.Engine(w.options)
	if err != nil {
		return err
	}
	for i, result := range results {
		if result.Network == nil {
			continue
		}
		s := w.tasks.Tasks[i].Validation
		out, predicting := e.Predict(ctx, []*nn.Network{result.Network}, s)
		if predicting != nil {
			err = predicting
			d.Error = err.Error()
			break
		}
		d.Compared++
		if !samePredictions(result.Network, s, out[0]) {
			d.Different++
			r.Digests.differs(w.tasks.Names[i] + ": predictions by " + card.Source)
		}
	}
	d.Seconds = time.Since(begun).Seconds()
	r.Digests.add(d)
	return errors.Join(err, e.Close())
}

// samePredictions compares with the processor's, by their bits; any NaN is any other.
func samePredictions(n *nn.Network, s nn.Source, got []float32) bool {
	x, y, want := make([]float32, n.Inputs()), make([]float32, n.Outputs()), make([]float32, n.Outputs())
	p := n.Predictor()
	for i := range s.Len() {
		s.Sample(i, x, y)
		p.Predict(x, want)
		for o, v := range want {
			g := got[i*len(want)+o]
			if math.Float32bits(g) != math.Float32bits(v) && (g == g || v == v) {
				return false
			}
		}
	}
	return true
}

func (d *Digests) add(r DigestRun) {
	d.Runs = append(d.Runs, r)
	d.Compared += r.Compared
	d.Different += r.Different
}

func (d *Digests) differs(what string) {
	if len(d.Differing) < differingMost {
		d.Differing = append(d.Differing, what)
	}
}
