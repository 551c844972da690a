package nn

import "testing"

// TestOnValidation: who watches hears of every validation in order, and the result is that of a training nobody watches.
func TestOnValidation(t *testing.T) {
	for seed := range uint64(8) {
		task := randomTask(seed)
		want, err := Train(t.Context(), task.Config, task.Key, task.Train, task.Validation)
		if err != nil {
			t.Fatal(err)
		}
		heard, last := 0, 0
		task.OnValidation = func(step int, _, _ float32) {
			if heard++; step <= last {
				t.Errorf("seed %d: step %d after %d", seed, step, last)
			}
			last = step
		}
		r, err := NewRun(&task, "")
		if err != nil {
			t.Fatal(err)
		}
		for !r.Step() {
		}
		got := r.Result()
		if got.Digest() != want.Digest() || got.StopStep != want.StopStep {
			t.Errorf("seed %d: watched, the training ends otherwise", seed)
		}
		if want.Status != Diverged && (heard == 0 || last != want.StopStep) {
			t.Errorf("seed %d: heard of %d validations, the last at %d, the training ended at %d", seed, heard, last, want.StopStep)
		}
	}
}
