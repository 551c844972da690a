package domain

import "testing"

func TestCurve(t *testing.T) {
	f := func(validations int, first, last, points int) {
		t.Helper()
		var c Curve
		for i := 1; i <= validations; i++ {
			c.Add(Point{Step: 10 * i})
		}
		got := c.Points()
		if len(got) != points || points > 0 && (got[0].Step != 10*first || got[points-1].Step != 10*last) {
			t.Errorf("a curve of %d validations is %v, want %d points, %d to %d", validations, got, points, first, last)
		}
	}
	f(0, 0, 0, 0)
	f(1, 1, 1, 1)
	f(64, 1, 64, 64)
	f(66, 2, 66, 33)
	f(128, 2, 128, 64)
	f(1000, 16, 992, 62)

	var c Curve
	c.Add(Point{Step: 10})
	c.Add(Point{Step: 20})
	if c.Add(Point{Step: 5}); len(c.Points()) != 1 {
		t.Errorf("a training that began again has %v", c.Points())
	}
}
