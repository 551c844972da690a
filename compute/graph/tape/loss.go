package tape

import (
	"fmt"
	"math"

	"doin.network/node/compute/nn"
)

// lossOf is the sum of a loss over samples: outputs and targets [rows][columns].
func lossOf(l nn.Loss, outputs []float64, targets []float32, columns int) (sum float64) {
	if l == nn.SoftmaxCrossEntropy {
		for at := 0; at < len(outputs); at += columns {
			sum += softmaxLoss(outputs[at:][:columns], targets[at:][:columns])
		}
		return sum
	}
	for i, z := range outputs {
		sum += element(l, z, float64(targets[i]))
	}
	return sum
}

// element is the loss of one output.
func element(l nn.Loss, z, y float64) float64 {
	e := math.Abs(z - y)
	switch l {
	case nn.MSE:
		return e * e
	case nn.MAE:
		return e
	case nn.Huber:
		excess := max(e-1, 0)
		return 0.5*(e-excess)*(e-excess) + excess
	case nn.BinaryCrossEntropy:
		return max(z, 0) - z*y + math.Log1p(math.Exp(-math.Abs(z)))
	}
	panic(fmt.Sprintf("tape: loss %q", l))
}

// softmaxLoss is Σ y·(log Σ exp(z) − z).
func softmaxLoss(z []float64, y []float32) (sum float64) {
	most := z[0]
	for _, v := range z {
		most = max(most, v)
	}
	total := 0.0
	for _, v := range z {
		total += math.Exp(v - most)
	}
	for i, v := range z {
		sum += float64(y[i]) * (math.Log(total) + most - v)
	}
	return sum
}

// count is what a sum is divided by.
func count(l nn.Loss, rows, columns int) float64 {
	if l == nn.SoftmaxCrossEntropy {
		return float64(rows)
	}
	return float64(rows * columns)
}
