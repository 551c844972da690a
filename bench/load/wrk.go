package load

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// sample is what wrk says of one measurement.
type sample struct {
	rate float64 // requests in a second
	p99  time.Duration
}

var (
	wrkRate = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)`)
	wrkP99  = regexp.MustCompile(`(?m)^\s+99%\s+([0-9.]+)(us|ms|s|m)\s*$`)
	wrkBad  = regexp.MustCompile(`(?m)^\s*(Non-2xx or 3xx responses:.*|Socket errors:.*)$`)
)

// wrk asks a URL with one thread of wrk.
func wrk(ctx context.Context, c *Config, url string) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Duration+30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Wrk, "-t1", "-c"+strconv.Itoa(c.Connections),
		"-d"+strconv.Itoa(int(c.Duration/time.Second))+"s", "--latency", url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("load: %v: %w\n%s", cmd.Args, err, out)
	}
	s, err := parseWrk(string(out))
	if err != nil {
		return s, fmt.Errorf("load: %s: %w", url, err)
	}
	return s, nil
}

// parseWrk reads wrk's report; answers that were no success make it an error.
func parseWrk(text string) (s sample, err error) {
	if m := wrkBad.FindStringSubmatch(text); m != nil {
		return s, errors.New(m[1])
	}
	rate, p99 := wrkRate.FindStringSubmatch(text), wrkP99.FindStringSubmatch(text)
	if rate == nil || p99 == nil {
		return s, fmt.Errorf("no rate or percentile in %.500q", text)
	}
	if s.rate, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return s, err
	}
	s.p99, err = time.ParseDuration(p99[1] + p99[2])
	if err == nil && (s.rate <= 0 || s.p99 <= 0) {
		err = fmt.Errorf("rate %v, p99 %v", s.rate, s.p99)
	}
	return s, err
}
