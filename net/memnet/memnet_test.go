package memnet

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestDeliveryInTimeOrder(t *testing.T) {
	n := New[int](Config{Seed: 1, MinLatency: time.Millisecond, MaxLatency: 50 * time.Millisecond})
	var got []Delivery[int]
	n.Join("b", func(d Delivery[int]) { got = append(got, d) })
	for i := range 100 {
		n.Send("a", "b", i)
	}
	n.AdvanceTo(time.Second)
	if len(got) != 100 || n.Now() != time.Second {
		t.Fatalf("%d deliveries at %v, want 100 at 1s", len(got), n.Now())
	}
	for i, d := range got {
		if d.At < time.Millisecond || d.At > 50*time.Millisecond || d.From != "a" || d.To != "b" {
			t.Errorf("delivery %+v outside the link's latency", d)
		}
		if i > 0 && d.At < got[i-1].At {
			t.Errorf("delivery %d at %v after one at %v", i, d.At, got[i-1].At)
		}
	}
}

// run lets nodes forward a counter at random and returns the whole history.
func run(seed uint64) []string {
	n := New[int](Config{Seed: seed, MinLatency: 1, MaxLatency: 1000, Loss: 0.1, Duplicate: 0.1})
	var log []string
	for _, id := range []string{"a", "b", "c", "d"} {
		n.Join(id, func(d Delivery[int]) {
			log = append(log, fmt.Sprintf("%d %s→%s %d", d.At, d.From, d.To, d.Payload))
			if d.Payload > 0 {
				n.Broadcast(d.To, d.Payload-1)
			}
		})
	}
	n.Send("a", "b", 5)
	for n.Step() {
	}
	return append(log, fmt.Sprintf("%+v", n.Stats()))
}

func TestOneSeedIsOneRun(t *testing.T) {
	for seed := range uint64(20) {
		if a, b := run(seed), run(seed); !slices.Equal(a, b) {
			t.Fatalf("seed %d gives two histories", seed)
		}
	}
	if slices.Equal(run(1), run(2)) {
		t.Error("seeds 1 and 2 give one history")
	}
}

func TestLossAndDuplication(t *testing.T) {
	f := func(loss, dup float64, want int) {
		t.Helper()
		n := New[int](Config{Seed: 3, Loss: loss, Duplicate: dup})
		got := 0
		n.Join("b", func(Delivery[int]) { got++ })
		for i := range 1000 {
			n.Send("a", "b", i)
		}
		n.AdvanceTo(0)
		if d := got - want; d < -60 || d > 60 {
			t.Errorf("loss %v, duplication %v: %d of 1000 arrived, want about %d", loss, dup, got, want)
		}
		if s := n.Stats(); s.Sent != 1000 || s.Delivered != got {
			t.Errorf("Stats() = %+v, want 1000 sent, %d delivered", s, got)
		}
	}
	f(0, 0, 1000)
	f(1, 1, 0)
	f(0.5, 0, 500)
	f(0, 1, 2000)
}

func TestPartitionCutsBothWaysAndHeals(t *testing.T) {
	n := New[string](Config{Seed: 1, MinLatency: 10, MaxLatency: 10})
	var got []string
	for _, id := range []string{"a", "b", "c"} {
		n.Join(id, func(d Delivery[string]) { got = append(got, d.From+d.To) })
	}
	n.Send("a", "b", "on its way")
	n.Partition([]string{"a"}, []string{"b", "c"})
	n.Send("b", "a", "cut")
	n.Send("b", "c", "inside")
	n.AdvanceTo(100)
	n.Heal()
	n.Send("a", "c", "healed")
	n.AdvanceTo(200)
	if want := []string{"bc", "ac"}; !slices.Equal(got, want) {
		t.Errorf("delivered %v, want %v", got, want)
	}
	if s := n.Stats(); s.Cut != 2 {
		t.Errorf("Stats().Cut = %d, want 2", s.Cut)
	}
}

func TestTimers(t *testing.T) {
	n := New[int](Config{})
	var got []string
	n.After(20, func() { got = append(got, "20") })
	stop := n.After(15, func() { got = append(got, "15") })
	n.After(10, func() {
		got = append(got, "10")
		n.After(0, func() { got = append(got, "10+0") })
	})
	if !stop() || stop() {
		t.Error("stop() must report true once")
	}
	if !n.Until(1000, func() bool { return len(got) == 2 }) || n.Now() != 10 {
		t.Errorf("Until stopped at %v with %v", n.Now(), got)
	}
	n.AdvanceTo(30)
	if want := []string{"10", "10+0", "20"}; !slices.Equal(got, want) {
		t.Errorf("timers %v, want %v", got, want)
	}
	if n.Until(1000, func() bool { return false }) || n.Step() {
		t.Error("an empty queue has something left")
	}
}

func TestLinksAndLeaving(t *testing.T) {
	n := New[int](Config{Seed: 1, MinLatency: 1, MaxLatency: 1})
	got := map[string]time.Duration{}
	for _, id := range []string{"b", "c"} {
		n.Join(id, func(d Delivery[int]) { got[id] = d.At })
	}
	n.SetLink("a", "c", Config{MinLatency: 100, MaxLatency: 100})
	n.Broadcast("a", 0)
	n.AdvanceTo(200)
	if got["b"] != 1 || got["c"] != 100 {
		t.Errorf("arrivals %v, want b at 1 and c at 100", got)
	}
	n.Send("a", "b", 1)
	n.Leave("b")
	n.Advance(10)
	if s := n.Stats(); s.Unknown != 1 || s.Delivered != 2 {
		t.Errorf("Stats() = %+v, want 1 unknown, 2 delivered", s)
	}
}
