package nn

import "doin.network/node/compute/vec"

// loss is one row of the table of losses.
type loss struct {
	// evaluate writes the value of the loss and its slope, the derivative by the prediction, for each output y of some
	// samples with the targets t. Shapes: value, slope, y, t [rows][outputs]; scratch [2·rows]. No two overlap.
	evaluate func(k *vec.Kernels, value, slope, scratch, y, t []float32, outputs int)
	// perSample says that the mean is taken over samples, not over samples × outputs.
	perSample bool
}

// count returns what the sum of the values of rows samples is divided by.
func (l *loss) count(rows, outputs int) float32 {
	if l.perSample {
		return float32(rows)
	}
	return float32(rows * outputs)
}

var losses = map[Loss]loss{
	MSE:                 {evaluate: squared},
	MAE:                 {evaluate: absolute},
	Huber:               {evaluate: huber},
	SoftmaxCrossEntropy: {evaluate: softmaxCrossEntropy, perSample: true},
	BinaryCrossEntropy:  {evaluate: binaryCrossEntropy},
}

func squared(_ *vec.Kernels, value, slope, _, y, t []float32, _ int) {
	for i, yi := range y {
		e := yi - t[i]
		value[i], slope[i] = float32(e*e), float32(2*e)
	}
}

func absolute(_ *vec.Kernels, value, slope, _, y, t []float32, _ int) {
	for i, yi := range y {
		e := yi - t[i]
		value[i], slope[i] = vec.Abs(e), clip(e, e > 0, e < 0)
	}
}

func huber(_ *vec.Kernels, value, slope, _, y, t []float32, _ int) {
	for i, yi := range y {
		e := yi - t[i]
		a := vec.Abs(e)
		if value[i] = float32(float32(0.5*a) * a); a > 1 {
			value[i] = a - 0.5
		}
		slope[i] = clip(e, e > 1, e < -1)
	}
}

// clip returns 1, −1 or e.
func clip(e float32, above, below bool) float32 {
	if above {
		return 1
	}
	if below {
		return -1
	}
	return e
}

// softmaxCrossEntropy takes logits and targets that are finite and not negative: for each sample, with M the largest logit,
// d = y − M, s = Σ exp(d) and T = Σ t, both ascending from +0,
//
//	value = t × (log(s) − d)    slope = (exp(d) ÷ s) × T − t
func softmaxCrossEntropy(k *vec.Kernels, value, slope, scratch, y, t []float32, outputs int) {
	for r := 0; r < len(y); r += outputs {
		row := y[r:][:outputs]
		largest := row[0]
		for _, v := range row[1:] {
			if v > largest {
				largest = v
			}
		}
		for c, v := range row {
			value[r+c] = v - largest
		}
	}
	k.Exp(slope[:len(y)], value)
	rows := len(y) / outputs
	sums, logs := scratch[:rows], scratch[rows:][:rows]
	for r := range sums {
		sum := float32(0)
		for _, v := range slope[r*outputs:][:outputs] {
			sum += v
		}
		sums[r] = sum
	}
	k.Log(logs, sums)
	for r, sum := range sums {
		total := float32(0)
		for _, v := range t[r*outputs:][:outputs] {
			total += v
		}
		for i := r * outputs; i < (r+1)*outputs; i++ {
			value[i] = float32(t[i] * (logs[r] - value[i]))
			slope[i] = float32((slope[i]/sum)*total) - t[i]
		}
	}
}

// binaryCrossEntropy takes logits and targets in [0, 1], each output for itself:
//
//	value = (relu(y) − y × t) + log(1 + exp(−|y|))    slope = sigmoid(y) − t
func binaryCrossEntropy(k *vec.Kernels, value, slope, _, y, t []float32, _ int) {
	n := len(y)
	value, slope = value[:n], slope[:n]
	for i, yi := range y {
		value[i] = -vec.Abs(yi)
	}
	k.Exp(value, value)
	for i, v := range value {
		value[i] = 1 + v
	}
	k.Log(value, value)
	k.Sigmoid(slope, y)
	for i, yi := range y {
		value[i] = (vec.ReLU(yi) - float32(yi*t[i])) + value[i]
		slope[i] -= t[i]
	}
}
