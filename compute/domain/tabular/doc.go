// Package tabular is the domain of classification and regression from a CSV file: a multilayer perceptron predicts the
// target column of a row from its other columns, and is trained by AdamW with early stopping under the numeric contract
// (package nn).
//
// # Data
//
// [Parse] reads a strict CSV table; [Config] names the target and says which columns are categorical, numeric or ignored.
// A column that it does not name is numeric if its first cell that is not missing is a number; each other cell must be
// one too then. The cells "", "NA" and "?" are missing values. The target has none.
//
// # Split
//
// Rows learn or test by a permutation of package rng whose key is a hash of the parsed table and of nothing else, so that
// everybody with the same table has the same split: per class in classification, over all rows in regression. Of a group of
// n rows, the images of the permutation's first ⌊n·test_fraction⌋ positions test, at least one; then come O folds of
// ⌊n·validation_fraction⌋ positions, at least one, each of which validates what all other learning rows train. "folds" is O;
// else it is four below 2,000 rows, three below 10,000 and two above, or as many as the rows of every group are enough for.
// Within a part, rows keep the order of the file. With "test_data", a second file, or a "split_column" whose cells are train,
// validation or test, the rows that test are known, and all others learn.
//
// # Inputs
//
// Numbers are taken in units of the power of ten in which the largest of their column is below 10 (supervised.Shift).
// Everything is fitted on the rows that learn, one encoding for all folds, in binary64 with + − × ÷ √, in row order, and rounded once to binary32.
// The columns follow each other as in the file:
//
//   - numeric: (x − mean) ÷ s with s = √(Σ(x − mean)² ÷ n) over the n known values; a missing value is their median (the
//     mean of the two in the middle where n is even). One more input, 1 for a missing value and else 0, follows if
//     training has missing values in the column.
//   - categorical: one input per category that training has, in ascending byte order of the names, 1 for the row's own
//     and else 0; then, if training has missing values in the column, one for "missing". A category that training has
//     not, or a missing value where it has none, is all zeros.
//
// An input that would be the same in all training rows is left out. Classes are in ascending byte order of their names. A
// regression's target is scaled like a numeric column.
//
// # Networks and measures
//
// Where the gene dropout is not 0, dropout of that rate follows every hidden layer in training. A classifier of more
// than two classes has one output per class, the logits, and the loss softmax_cross_entropy; one of two classes has
// the logit of the second class alone and the loss binary_cross_entropy. Predictions are probabilities, a softmax over the
// logits, those of two classes being 0 and the output: with m the greatest logit and s = Σ exp(zₖ − m) in order R3, a
// probability is exp(zₖ − m) ÷ s. The error of a case is its cross-entropy, −log of the probability of its class in nats with
// probabilities taken within [0.001, 0.999], or |prediction − target| in a regression; that of many the sum in order R3 divided
// by the number, in binary32. Times the target's scale, in binary64, the latter is in the unit of the file.
//
// Performance is the negative validation error in units of the baseline's: −1 is as good as a constant. Accuracy would be what
// people quote, and is among the metrics, but it moves in steps of one row: on the 30 validation rows of a small table no
// relative improvement below 3 % exists, most networks are tied, and the tie says nothing of how sure they are. The
// cross-entropy moves with every weight, so that a demanded increment of half a per cent means something.
//
// The baselines are constants: the frequencies of the classes in training, or median and mean of its targets.
//
// # Recipes
//
// Recipes, digests and the hash of synthetic data are package supervised's; measures count correct samples, none in a
// regression. The data hash covers inputs and targets of every part as binary32, the folds, names and scales, and the settings
// that results depend on (task, steps, cadence, patience).
package tabular
