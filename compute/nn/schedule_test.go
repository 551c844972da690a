package nn

import (
	"math"
	"testing"
)

type scheduleRow struct{ Rate, Correct1, Correct2 float32 }

// scheduleTable lists the scalars of every step.
func scheduleTable(c *Config) []scheduleRow {
	table := make([]scheduleRow, c.MaxSteps)
	s := NewRates(c, 0)
	for i := range table {
		table[i].Rate, table[i].Correct1, table[i].Correct2 = s.Next()
	}
	return table
}

func TestScheduleTable(t *testing.T) {
	c := DefaultConfig()
	c.LearningRate, c.MaxSteps, c.WarmupSteps, c.Schedule = 0.01, 1000, 10, Cosine
	table := scheduleTable(&c)
	for i, row := range table {
		step := float64(i + 1)
		want := float64(c.LearningRate)
		if i < 10 {
			want *= step / 10
		} else {
			want *= (1 + math.Cos(math.Pi*float64(i-10)/990)) / 2
		}
		if math.Abs(float64(row.Rate)-want) > 1e-7*want+1e-15 {
			t.Errorf("rate of step %v = %v, want %v", step, row.Rate, want)
		}
		if c1 := 1 / (1 - math.Pow(float64(c.Beta1), step)); math.Abs(float64(row.Correct1)-c1) > 1e-7*c1 {
			t.Errorf("first correction of step %v = %v, want %v", step, row.Correct1, c1)
		}
		if c2 := 1 / (1 - math.Pow(float64(c.Beta2), step)); math.Abs(float64(row.Correct2)-c2) > 1e-7*c2 {
			t.Errorf("second correction of step %v = %v, want %v", step, row.Correct2, c2)
		}
	}
	c.Schedule = Constant
	for i, row := range scheduleTable(&c)[10:] {
		if row.Rate != c.LearningRate {
			t.Errorf("constant rate of step %d = %v, want %v", i+11, row.Rate, c.LearningRate)
		}
	}
}

func TestCosine(t *testing.T) {
	for i := range 10001 {
		y := halfPi * float64(i) / 10000
		if got, want := cosine(y), math.Cos(y); math.Abs(got-want) > 3e-16 {
			t.Errorf("cosine(%v) = %v, want %v", y, got, want)
		}
	}
}

// TestCorrectionsOfLongRuns: the corrections are those of the powers as they are, until both are 1 and long after.
func TestCorrectionsOfLongRuns(t *testing.T) {
	c := DefaultConfig()
	c.MaxSteps = MaxSteps
	for _, betas := range [][2]float32{{0.9, 0.999}, {0, 0x1p-30}, {0.5, 0.9999}} {
		c.Beta1, c.Beta2 = betas[0], betas[1]
		s := NewRates(&c, 0)
		power1, power2 := 1.0, 1.0
		for step := range 1_000_000 {
			power1, power2 = float64(power1*float64(c.Beta1)), float64(power2*float64(c.Beta2))
			if _, c1, c2 := s.Next(); c1 != float32(1/(1-power1)) || c2 != float32(1/(1-power2)) {
				t.Fatalf("betas %v: corrections of step %d are %v and %v, want %v and %v", betas, step+1, c1, c2, 1/(1-power1), 1/(1-power2))
			}
		}
	}
}
