// Package forecast is the domain of time-series forecasting from a CSV file: a multilayer perceptron or a temporal
// convolutional network predicts the next value of a series, or the next h of them at once, and is trained by AdamW with
// early stopping under the numeric contract (package nn).
//
// # Data
//
// [Parse] reads a strict CSV table of times and values; [Config] says which columns and how rows are split by time into
// training, validation and test. Scaling is fitted on the training rows only: the scale is the root mean square of
// their first differences, the offset is row 0. Both, and the scaled series s = float32((y − offset)/scale), are
// computed once, in binary64 with + − × ÷ √, in row order. Everything after that, metrics included, is a function of
// what the data hash covers.
//
// # Models and samples
//
// The gene model says what is trained. "mlp" is a perceptron (see package supervised). "tcn" is a stack of blocks residual blocks with channels channels and the given kernel, activation and dropout
// (package nn's kind tcn), the dilation of block b = 0, 1, … being 2^b; the last step of its output goes to the output
// layer. Genes of the other model are not part of a genome.
//
// The window w is a gene, so windows are index arithmetic over s and never stored. A tcn's is cut to what its last step
// can depend on: w = min(window, 1 + 2·(kernel − 1)·(2^blocks − 1)). The sample of origin o has the targets
// s[o+1+k] − s[o] for k = 0 … h−1, and the inputs
//
//   - mlp: s[o−w+j] − s[o] for j = 0 … w−1, ascending in time, then sine and cosine of the position of row o+1 in the
//     period (from a table of constants; absent for period 1);
//   - tcn: a sequence of w steps, the oldest first; step j has the channels s[o−w+j] − s[o] and sine and cosine of the
//     position of row o−w+j itself.
//
// A sample belongs to the part of the split in which all its targets lie.
//
// # Measures
//
// A mean absolute error is the sum of |prediction − target| in order R3 over samples and then outputs, divided by
// their number, in binary32; times the scale, in binary64, it is in the units of the file. Every part is measured at
// the same origins for every model and window. Performance is the negative validation error. The naive errors beside
// it are those of the last value and of the value one period before the target.
//
// # Recipes
//
// Recipes, digests and the hash of synthetic data are package supervised's. The data hash covers the scaled series,
// calendar columns and bounds of the split, and the settings that results depend on (horizon, period, steps, cadence,
// patience).
package forecast
