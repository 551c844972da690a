package champion

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"doin.network/node/cmd/doin-node/report"
	"doin.network/node/cmd/doin-node/score"
	"doin.network/node/internal/canon"
)

const (
	evidence = "evidence" // the format of what a worker shows of a model
	// reportSteps is how far a report forecasts at least.
	reportSteps = 12
	// mostRounds bounds the points of a search's history.
	mostRounds = 2000
)

// Report collects what a report tells of every domain with a champion. now is when it is written.
func (s *Source) Report(ctx context.Context, now time.Time) (*report.Page, error) {
	list, err := s.Champions(ctx)
	if err != nil {
		return nil, err
	}
	p := &report.Page{Title: "What the network has found", Network: s.Genesis.NetworkID(), Version: s.version, When: now}
	if name := s.Genesis.Parameters.Name; name != "" {
		p.Title = name + ": what has been found"
	}
	for i := range list {
		if !list[i].Current {
			continue
		}
		d, err := s.reported(ctx, &list[i])
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if c.Domain == d.ID {
				d.Champions = append(d.Champions, c.row())
			}
		}
		p.Domains = append(p.Domains, *d)
	}
	return p, nil
}

// reported is a domain by its champion.
func (s *Source) reported(ctx context.Context, c *Champion) (*report.Domain, error) {
	d := &report.Domain{ID: c.Domain, Standing: c.standing(), Optimae: c.ID, Recipe: genes(c.Parameters)}
	d.Error, d.Own, d.Others = score.Read(c.Metrics, c.Metrics)
	var err error
	if d.History, err = s.history(c.Domain); err != nil {
		return nil, err
	}
	h, err := s.hire(ctx, c.Domain)
	if err != nil {
		return nil, err
	}
	defer h.close()
	data, err := h.workers.Export(ctx, c.Domain, c.recipe(), evidence, canon.NewObject())
	var refused *InputError
	switch err = refusal(err); {
	case errors.As(err, &refused): // it shows nothing
		return d, nil
	case err != nil:
		return nil, err
	}
	if d.Evidence, err = canon.ParseObject(data); err != nil {
		return nil, err
	}
	if kind, _ := d.Evidence.StringOr("kind", ""); kind != "series" {
		return d, nil
	}
	horizon, _ := d.Evidence.IntOr("horizon", 1)
	out, err := h.workers.Infer(ctx, c.Domain, c.recipe(), canon.NewObject("steps", max(horizon, reportSteps)))
	if err != nil {
		return nil, refusal(err)
	}
	times, _ := out.ListOr("times", nil)
	values, _ := out.ListOr("forecast", nil)
	for i := range min(len(times), len(values)) {
		v, _ := score.Float(values[i])
		d.Next.Times, d.Next.Values = append(d.Next.Times, cell(times[i])), append(d.Next.Values, v)
	}
	return d, nil
}

// row is a champion in the list of all.
func (c *Champion) row() report.Row {
	r := report.Row{ID: c.ID[:min(len(c.ID), 12)], Performance: score.Figure(c.Performance), By: c.Author[:min(len(c.Author), 12)], Standing: c.standing()}
	if _, own, _ := score.Read(c.Metrics, c.Metrics); own != nil {
		r.Validation, r.Test = score.Figure(own.Validation), score.Figure(own.Test)
	}
	if k := c.Certificate; k != nil {
		r.When = k.Time.Time().Format("2006-01-02 15:04:05")
	}
	return r
}

// history reads a domain's rounds out of the node's CSV file; none where there is no such file.
func (s *Source) history(domain string) ([]report.Round, error) {
	f, err := os.Open(s.Config.StatsPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := readHistory(f, domain)
	if stride := (len(out) + mostRounds - 1) / mostRounds; stride > 1 {
		last := out[len(out)-1]
		var thin []report.Round
		for i := 0; i < len(out); i += stride {
			thin = append(thin, out[i])
		}
		out = append(thin, last)
	}
	return out, nil
}

// readHistory takes the rows that it can read: a running node may be writing the last one.
func readHistory(in io.Reader, domain string) (out []report.Round) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil
	}
	id, trials, best := slices.Index(header, "domain_id"), slices.Index(header, "total_candidates_evaluated"), slices.Index(header, "best_performance")
	if id < 0 || trials < 0 || best < 0 {
		return nil
	}
	for {
		row, err := r.Read()
		if err != nil {
			return out
		}
		if len(row) <= max(id, trials, best) || row[id] != domain {
			continue
		}
		n, err1 := strconv.ParseInt(row[trials], 10, 64)
		v, err2 := strconv.ParseFloat(row[best], 64)
		if err1 == nil && err2 == nil {
			out = append(out, report.Round{Trials: n, Best: v})
		}
	}
}
