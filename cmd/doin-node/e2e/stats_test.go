//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"doin.network/node/internal/canon"
)

func checkStats(t *testing.T, h *host) {
	eventually(t, "a verified performance", func() error {
		o, err := h.get("/stats")
		if err == nil && !member(t, o, "co2").Has("verified_performance") {
			err = errors.New("there is none")
		}
		return err
	})
	o := h.mustGet("/stats")
	keys(t, "/stats", o, "co2", "olap_summaries")
	summary := []string{"experiment_id", "domain_id", "rounds", "best_performance", "target_performance", "converged",
		"time_to_target_seconds", "elapsed_seconds", "optimizer_plugin", "performance_metric", "metric_schema", "higher_is_better",
		"confirmed_performance", "verified_performance"}
	keys(t, "summary", member(t, o, "co2"), summary...)
	keys(t, "/stats?domain", h.mustGet("/stats?domain=co2"), append(summary, "olap_summaries")...)
	keys(t, "/stats of an unknown domain", h.mustGet("/stats?domain=none"), "olap_summaries")

	e := h.mustGet("/stats/experiments")
	keys(t, "/stats/experiments", e, "experiments", "summaries")
	list := objects(t, e, "experiments")
	if len(list) != 1 {
		t.Fatalf("%d experiments, want 1", len(list))
	}
	id, err := list[0].String("experiment_id")
	if err != nil {
		t.Fatal(err)
	}
	rounds := objects(t, h.mustGet("/stats/rounds?experiment_id="+id), "rounds")
	for i, r := range rounds {
		if n, err := r.Int("round_number"); err != nil || n != int64(i+1) {
			t.Errorf("rounds[%d] is number %d, %v", i, n, err)
		}
		if v, err := r.Float("performance"); err != nil || v >= 0 {
			t.Errorf("rounds[%d] has the performance %v, %v", i, v, err)
		}
	}
	if len(rounds) == 0 {
		t.Error("no rounds")
	}
	if n := len(objects(t, h.mustGet("/stats/rounds?limit=1&experiment_id="+id), "rounds")); n != 1 {
		t.Errorf("%d rounds, limit 1", n)
	}
	var metrics []*canon.Object
	eventually(t, "metrics of the chain", func() error {
		o, err := h.get("/stats/chain-metrics?domain_id=co2")
		if err != nil {
			return err
		}
		keys(t, "/stats/chain-metrics", o, "metrics", "count")
		metrics = objects(t, o, "metrics")
		if n, err := o.Int("count"); err != nil || n != int64(len(metrics)) {
			t.Errorf("count = %d, %v with %d rows", n, err, len(metrics))
		}
		if len(metrics) == 0 {
			return fmt.Errorf("none at %v", o)
		}
		return nil
	})
	if n := len(objects(t, h.mustGet("/stats/chain-metrics?domain_id=none"), "metrics")); n != 0 {
		t.Errorf("%d metrics of an unknown domain", n)
	}
	// The rows of chain metrics are the acceptances of the chain.
	blocks, err := h.blocks()
	if err != nil {
		t.Fatal(err)
	}
	if accepted, _ := acceptances(blocks); accepted < len(metrics) {
		t.Errorf("%d rows of metrics, %d acceptances in the chain", len(metrics), accepted)
	}
}

func checkExport(t *testing.T, h *host) {
	// Several at one time, while rounds are being written.
	var wg sync.WaitGroup
	files := make([][]byte, 3)
	for i := range files {
		wg.Go(func() {
			a, err := h.ask("GET", "/stats/export", nil)
			if err != nil || a.status != 200 {
				t.Errorf("download %d: %v, %v", i, a, err)
				return
			}
			for key, want := range map[string]string{"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=olap.db"} {
				if got := a.header.Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
			if a.header.Get("ETag") == "" || a.header.Get("Last-Modified") == "" {
				t.Errorf("no ETag or Last-Modified in %v", slices.Sorted(maps.Keys(a.header)))
			}
			files[i] = a.body
		})
	}
	wg.Wait()
	for i, data := range files {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("olap-%d.db", i))
		write(t, path, data)
		if rounds := databaseRounds(t, path); len(rounds) == 0 {
			t.Errorf("download %d has no rounds", i)
		}
	}
	req, err := http.NewRequestWithContext(context.Background(), "GET", "http://"+h.endpoint()+"/stats/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Range", "bytes=0-15")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var head bytes.Buffer
	if _, err := head.ReadFrom(res.Body); err != nil || res.StatusCode != 206 || head.String() != "SQLite format 3\x00" {
		t.Errorf("range: %d %q, %v", res.StatusCode, head.String(), err)
	}
	// The copies do not stay.
	eventually(t, "the copies are removed", func() error {
		left, err := os.ReadDir(h.file("export"))
		if err == nil && len(left) > 0 {
			return fmt.Errorf("%d files", len(left))
		}
		return nil
	})
}
