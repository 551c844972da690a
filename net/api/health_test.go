package api

import (
	"testing"
	"time"
)

// fixedHealth is a node's health that does not change.
type fixedHealth HealthReport

func (h fixedHealth) Health() HealthReport { return HealthReport(h) }

// TestHealth: /health keeps the reference's shape and tells the truth, /livez and /readyz answer by status code.
func TestHealth(t *testing.T) {
	fine := Check{Name: "store", OK: true, Vital: true, Detail: "height 5"}
	alarm := Alarm{Name: "no_peers", What: "no peer is connected", Remedy: "look at bootstrap_peers", Since: "2026-01-01T00:00:00Z"}
	f := func(r HealthReport, path string, code int, want string) {
		t.Helper()
		fake := newFake(t)
		cfg := DefaultConfig()
		cfg.Port, cfg.Network = 8470, network
		a, err := New(cfg, Parts{Node: fake, Chain: chainPart{fake}, Tasks: fake, Inference: fake, Stats: statsPart{fake}, Peers: fake, Flood: fake,
			Health: fixedHealth(r)})
		if err != nil {
			t.Fatal(err)
		}
		if got, _, body := request(t, "GET", listen(t, a)+path, "", nil); got != code || body != want {
			t.Errorf("GET %s of %+v = %d %s, want %d %s", path, r, got, body, code, want)
		}
	}
	well := HealthReport{Alive: true, Checks: []Check{fine}}
	f(well, "/health", 200, `{"status": "healthy", "port": 8470}`)
	f(well, "/livez", 200, `{"status": "alive"}`)
	f(well, "/readyz", 200, `{"status": "ready", "failed": []}`)
	f(well, "/readyz?verbose", 200, `{"status": "ready", "failed": [], "checks": [{"name": "store", "ok": true, "detail": "height 5"}], "alarms": []}`)

	lonely := HealthReport{Alive: true, Checks: []Check{fine, {Name: "peers", Detail: "none"}}, Alarms: []Alarm{alarm}}
	f(lonely, "/health", 200, `{"status": "degraded", "port": 8470}`)
	f(lonely, "/livez", 200, `{"status": "alive"}`)
	f(lonely, "/readyz", 503, `{"status": "not ready", "failed": ["peers"]}`)
	f(lonely, "/readyz?verbose=1", 503, `{"status": "not ready", "failed": ["peers"], "checks": [{"name": "store", "ok": true, "detail": "height 5"}, `+
		`{"name": "peers", "ok": false, "detail": "none"}], "alarms": [{"name": "no_peers", "what": "no peer is connected", `+
		`"remedy": "look at bootstrap_peers", "since": "2026-01-01T00:00:00Z"}]}`)

	f(HealthReport{Alive: true, Alarms: []Alarm{alarm}}, "/health", 200, `{"status": "degraded", "port": 8470}`)
	f(HealthReport{Alive: true, Alarms: []Alarm{alarm}}, "/readyz", 200, `{"status": "ready", "failed": []}`)
	f(HealthReport{Alive: true, Checks: []Check{{Name: "disk", Vital: true}}}, "/health", 503, `{"status": "unhealthy", "port": 8470}`)
	f(HealthReport{}, "/health", 503, `{"status": "unhealthy", "port": 8470}`)
	f(HealthReport{}, "/livez", 503, `{"status": "dead"}`)
	f(HealthReport{}, "/readyz", 503, `{"status": "not ready", "failed": []}`)
}

// TestObserve: every answer is timed under the pattern of its route.
func TestObserve(t *testing.T) {
	seen := make(chan string, 8)
	_, ask := serve(t, newFake(t), func(c *Config) { c.Observe = func(route string, _ time.Duration) { seen <- route } })
	for path, want := range map[string]string{"/health": "/health", "/chain/block/3": "/chain/block/", "/nowhere": ""} {
		ask("GET", path, "")
		if got := <-seen; got != want {
			t.Errorf("GET %s is timed under %q, want %q", path, got, want)
		}
	}
}
