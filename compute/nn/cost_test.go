package nn

import "testing"

func TestMultiplyAdds(t *testing.T) {
	for _, test := range []struct {
		c    Config
		want int64
	}{
		{Config{Inputs: 3, Outputs: 2}, 6},
		{Config{Inputs: 3, Hidden: []int{5, 4}, Outputs: 2, Activation: ReLU}, 15 + 20 + 8},
		// Of four steps, the tap two back sees two: (4+2)·3·2; then the output.
		{Config{Inputs: 12, Steps: 4, Outputs: 1, Layers: []Layer{
			{Kind: Conv1D, Width: 2, Kernel: 2, Dilation: 2, Activation: ReLU}, {Kind: LastStep}}}, 36 + 2},
	} {
		if got := test.c.Model().MultiplyAdds(); got != test.want {
			t.Errorf("MultiplyAdds(%+v) = %d, want %d", test.c, got, test.want)
		}
	}
}
