package score

import (
	"fmt"
	"testing"

	"doin.network/node/internal/canon"
)

func TestRead(t *testing.T) {
	f := func(metrics, baselines *canon.Object, want string) {
		t.Helper()
		kind, own, others := Read(metrics, baselines)
		if got := fmt.Sprint(kind, " ", own, " ", others); got != want {
			t.Errorf("Read(%s, %s) = %s, want %s", canon.Default(metrics), canon.Default(baselines), got, want)
		}
	}
	two := canon.NewObject("val_naive_mae", 1.5, "test_naive_mae", 2.0, "val_ar.12_mae", 0.25)
	f(nil, nil, " <nil> []")
	f(nil, two, "mae <nil> [1.5 (2) 0.25]")
	f(nil, canon.NewObject("train_prior_cross_entropy", 1.0, "val_prior_cross_entropy", 1.5), "cross_entropy <nil> [1.5]")
	f(canon.NewObject("val_mae", 0.5, "test_mae", 1.0, "val_mase", 1.0), two, "mae 0.5 (1) [1.5 (2) 0.25]")
	own := canon.NewObject("val_cross_entropy", 0.5, "val_relative_cross_entropy", 0.25, "val_accuracy", 1.0, "val_prior_cross_entropy", 2.0,
		"val_prior_accuracy", 0.5)
	f(own, own, "cross_entropy 0.5 [2]")
}

func TestBest(t *testing.T) {
	if b := Best([]Score{{"a", nil, nil}, {"b", 2.0, nil}, {"c", int64(1), nil}}); b == nil || b.Name != "c" {
		t.Errorf("Best = %v, want c", b)
	}
	if b := Best([]Score{{"a", nil, nil}}); b != nil {
		t.Errorf("Best of nothing = %v", b)
	}
}
