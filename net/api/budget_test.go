package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestBudgetOfBodies: what bodies may take together is bounded, one address takes at most half of it, and who waits gets its
// part when another has finished.
func TestBudgetOfBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := []byte(strings.Repeat("[],", 1000))
		b := newBudget(4 * cost(body))
		take := func(host string) func() {
			t.Helper()
			release, err := b.take(t.Context(), host, body)
			if err != nil {
				t.Fatalf("take(%s) = %v", host, err)
			}
			return release
		}
		first := take("192.0.2.1")
		take("192.0.2.1")
		if _, err := b.take(t.Context(), "192.0.2.1", body); !errors.Is(err, ErrBusy) || !errors.Is(err, errShare) {
			t.Errorf("third body of an address = %v, want %v", err, errShare)
		}
		take("192.0.2.2")
		take("192.0.2.3")
		if _, err := b.take(t.Context(), "192.0.2.4", body); !errors.Is(err, ErrBusy) {
			t.Errorf("body beyond the budget = %v, want %v", err, ErrBusy)
		}
		time.AfterFunc(time.Second, first)
		begun := time.Now()
		take("192.0.2.4")
		if took := time.Since(begun); took != time.Second {
			t.Errorf("waited %v, want 1s", took)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.take(ended, "192.0.2.5", body); !errors.Is(err, context.Canceled) {
			t.Errorf("take after its context = %v", err)
		}
		if len(b.held) != 4 {
			t.Errorf("%d addresses hold something, want 4", len(b.held))
		}
		// What alone is larger than the share still passes, alone.
		if _, err := newBudget(100).take(t.Context(), "192.0.2.1", body); err != nil {
			t.Errorf("a body above the whole budget = %v", err)
		}
	})
}

// TestLimitsOfRoutes: only messages and votes may have large bodies; larger ones are refused unread.
func TestLimitsOfRoutes(t *testing.T) {
	_, ask := serve(t, newFake(t), func(c *Config) { c.MaxMessageBytes = 90_000 })
	f := func(path string, size, want int) {
		t.Helper()
		if code, _, body := ask("POST", path, strings.Repeat(" ", size)); code != want {
			t.Errorf("POST %s with %d bytes = %d %s, want %d", path, size, code, body, want)
		}
	}
	f("/message", 90_000, 200) // the fake takes everything
	f("/message", 90_001, 400)
	f("/tasks/complete", 90_000, 400) // read, and no object
	f("/tasks/complete", 90_001, 413)
	for _, path := range []string{"/tasks/claim", "/inference", "/status", "/nowhere"} {
		f(path, smallBody+1, 413)
	}
	for _, path := range []string{"//message", "/%6dessage"} { // other spellings get no more room
		f(path, smallBody+1, 400)
	}
}

// TestRefusedBodiesHaveAPrice: on every route that takes a body, once each; what is refused for want of room is free.
func TestRefusedBodiesHaveAPrice(t *testing.T) {
	var charged atomic.Int32
	_, ask := serve(t, newFake(t), func(c *Config) { c.Offence = func(string) { charged.Add(1) } })
	f := func(path, body string, code int, want int32) {
		t.Helper()
		before := charged.Load()
		if got, _, text := ask("POST", path, body); got != code || charged.Load()-before != want {
			t.Errorf("POST %s %.40s = %d %s at %d points, want %d at %d", path, body, got, text, charged.Load()-before, code, want)
		}
	}
	for _, path := range []string{"/tasks/claim", "/tasks/complete", "/inference"} {
		f(path, "[", http.StatusBadRequest, 1)
		f(path, "{}", http.StatusBadRequest, 1)
	}
	f("/tasks/claim", `{"task_id":"t1","evaluator_id":"e"}`, http.StatusForbidden, 1)
	f("/tasks/complete", `{"task_id":"t1"}`, http.StatusForbidden, 1)
	f("/inference", `{"domain_id":"co2"}`, http.StatusOK, 0)
	f("/inference", `{"domain_id":"other"}`, http.StatusNotFound, 0)
	f("/message", "[", http.StatusOK, 0)
	f("/tasks/claim", fmt.Sprintf(`{"x":%s}`, strings.Repeat("[", 100)), http.StatusBadRequest, 1)
}
