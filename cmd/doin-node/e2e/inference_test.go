//go:build unix

package e2e

import (
	"slices"
	"testing"

	"doin.network/node/internal/canon"
)

func checkTasks(t *testing.T, h *host) {
	o := h.mustGet("/tasks/pending?limit=3&domains=co2,%20other")
	keys(t, "/tasks/pending", o, "tasks", "total_pending")
	if n := len(objects(t, o, "tasks")); n > 3 {
		t.Errorf("%d tasks, limit 3", n)
	}
	// An inference is a task, and one that is done stays known.
	a := h.must("POST", "/inference?wait=20", []byte(`{"domain_id": "co2", "client_id": "e2e"}`))
	body, err := a.object()
	if err != nil {
		t.Fatal(err)
	}
	id, err := body.String("task_id")
	if err != nil {
		t.Fatalf("%v: %v", a, err)
	}
	task := h.mustGet("/tasks/" + id)
	keys(t, "task", task, "id", "task_type", "domain_id", "status", "requester_id", "evaluator_id", "parameters", "optimae_id",
		"reported_performance", "metric_evidence", "result", "verified_performance", "created_at", "claimed_at", "completed_at", "priority")
	for key, want := range map[string]any{"id": id, "domain_id": "co2", "status": "completed", "requester_id": "e2e"} {
		if v, _ := task.Get(key); v != want {
			t.Errorf("task.%s = %v, want %v", key, v, want)
		}
	}
}

func checkInference(t *testing.T, h *host) {
	a := h.must("POST", "/inference", []byte(`{"domain_id": "co2", "input_data": {}, "wait": 30}`))
	o, err := a.object()
	if err != nil || a.status != 200 {
		t.Fatalf("%v, %v", a, err)
	}
	keys(t, "/inference", o, "status", "task_id", "result")
	if s, _ := o.String("status"); s != "completed" {
		t.Fatalf("status %q, want completed: %v", s, a)
	}
	if r := member(t, o, "result"); r.Len() == 0 {
		t.Error("the result is empty")
	} else if f, ok := number(r); !ok || f < 300 || f > 600 {
		t.Errorf("no plausible concentration of carbon dioxide in %s", canon.Default(r))
	}
	a = h.must("POST", "/inference", []byte(`{"domain_id": "co2", "wait": 0}`))
	if o, err := a.object(); err != nil || a.status != 200 {
		t.Errorf("wait 0: %v, %v", a, err)
	} else if s, _ := o.String("status"); s != "queued" || !slices.Equal(o.Keys(), []string{"status", "task_id"}) {
		t.Errorf("wait 0: %v, want queued", a)
	}
}

// number returns the first number found anywhere in v.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case []any:
		for _, e := range v {
			if f, ok := number(e); ok {
				return f, ok
			}
		}
	case *canon.Object:
		for _, e := range v.All() {
			if f, ok := number(e); ok {
				return f, ok
			}
		}
	}
	return 0, false
}
