package api

import (
	"context"
	"slices"

	"github.com/valyala/fasthttp"

	"doin.network/node/internal/canon"
)

// The values of "status" in GET /health. The reference knows the first alone.
const (
	healthy   = "healthy"
	degraded  = "degraded"  // it works, and a check fails or an alarm stands
	unhealthy = "unhealthy" // a vital check fails
)

// healthAnswers renders the answers of /health once: load balancers ask often.
func healthAnswers(port int) map[string][]byte {
	all := map[string][]byte{}
	for _, status := range []string{healthy, degraded, unhealthy} {
		all[status] = canon.Default(canon.NewObject("status", status, "port", int64(port)))
	}
	return all
}

// report returns how the node is.
func (a *API) report() HealthReport {
	if a.parts.Health == nil {
		return HealthReport{Alive: true}
	}
	return a.parts.Health.Health()
}

// failed returns the names of the checks that fail.
func (r *HealthReport) failed() (names []string) {
	for _, c := range r.Checks {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return names
}

// Status is the value of "status" in GET /health and /status.
func (r *HealthReport) Status() string {
	switch {
	case !r.Alive, slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Vital && !c.OK }):
		return unhealthy
	case len(r.failed()) > 0, len(r.Alarms) > 0:
		return degraded
	}
	return healthy
}

// health answers GET /health in the reference's shape: 200, or 503 for a node that does not do its work.
func (a *API) health(_ context.Context, rc *fasthttp.RequestCtx, _ string) error {
	r := a.report()
	status, code := r.Status(), fasthttp.StatusOK
	if status == unhealthy {
		code = fasthttp.StatusServiceUnavailable
	}
	writeBody(rc, code, contentJSON, a.healthy[status])
	return nil
}

// livez answers GET /livez: 200, or 503 for a node that only a restart can help.
func (a *API) livez(_ context.Context, rc *fasthttp.RequestCtx, _ string) error {
	if r := a.report(); !r.Alive {
		writeJSON(rc, fasthttp.StatusServiceUnavailable, canon.NewObject("status", "dead"))
		return nil
	}
	writeJSON(rc, fasthttp.StatusOK, canon.NewObject("status", "alive"))
	return nil
}

// readyz answers GET /readyz?verbose: 200, or 503 with the names of the checks that fail; with verbose every check and alarm.
func (a *API) readyz(_ context.Context, rc *fasthttp.RequestCtx, _ string) error {
	r := a.report()
	failed, status, code := r.failed(), "ready", fasthttp.StatusOK
	if len(failed) > 0 || !r.Alive {
		status, code = "not ready", fasthttp.StatusServiceUnavailable
	}
	o := canon.NewObject("status", status, "failed", texts(failed))
	if rc.QueryArgs().Has("verbose") {
		checks := []any{}
		for _, c := range r.Checks {
			checks = append(checks, canon.NewObject("name", c.Name, "ok", c.OK, "detail", c.Detail))
		}
		o.Set("checks", checks).Set("alarms", AlarmList(r.Alarms))
	}
	writeJSON(rc, code, o)
	return nil
}

// AlarmList renders alarms as /readyz and /status show them.
func AlarmList(alarms []Alarm) []any {
	out := []any{}
	for _, m := range alarms {
		out = append(out, canon.NewObject("name", m.Name, "what", m.What, "remedy", m.Remedy, "since", m.Since))
	}
	return out
}
