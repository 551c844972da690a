// Package tabular is the domain of classification and regression from a table: a multilayer perceptron predicts the
// target column of a row from its other columns, and is trained by AdamW with early stopping under the numeric contract
// (package nn).
//
// # Data
//
// [Parse] reads a table in any form that compute/data reads; [Config] names the target and may say what columns are.
// A row without a target is left out. What a column is that nobody lists is decided by all of its cells:
//
//   - numeric, where more than half are numbers (compute/data/number). A cell that is none is an error that names it,
//     unless at least one in ten is none, in more than eight different texts: then the column is categorical. What is
//     meant as a number, an infinity or one with a percent sign or a currency's, counts as one, and is refused. Whole
//     numbers are numeric however few values they have.
//   - boolean, where all are words of one pair: true/false, yes/no, t/f, y/n, on/off, in any case.
//   - a date, where all have one form of package compute/data/when, that of "time_format" if more than half have it;
//     the first that has not is an error where more than half of the first 64 cells are dates. A column of digits
//     alone is numeric, unless in at least 20 rows all are eight that make a date: 20200131.
//   - else categorical.
//
// A column is dropped whose cells are all missing or all the same; of texts that are another one in each of 20 rows
// or more, so that they name rows, are longer than MaxName, or of more than 2^17 kinds; and of whole numbers that are
// another one in each of 20 rows or more where its name has a word like id, uuid, index, key or row. A column that
// counts its rows without such a name is kept. What gives the target away is kept too: of a classification, a column
// whose values and the classes belong to each other one to one; of a regression, one that is the target, or that
// rises or falls strictly with it over all rows. All of this is in the notes of the domain's description. What is
// listed is kept, and a cell that does not fit is an error.
//
// The settings in force name the kind of every column, the form of every date, and how the file is read: they read
// the same file as the same table whatever a later version finds in it.
//
// # Split
//
// Rows learn or test by a permutation of package rng whose key is a hash of the parsed table and of nothing else,
// neither of its form nor of the order of its columns, so that everybody with the same table has the same split: per
// class in classification, over all rows in regression. Of a group of n rows, the images of the permutation's first
// ⌊n·test_fraction⌋ positions test, at least one; then come O folds of ⌊n·validation_fraction⌋ positions, at least
// one, each of which validates what all other learning rows train. "folds" is O; else it is four below 2,000 rows,
// three below 10,000 and two above, or as many as the rows of every group are enough for. Within a part, rows keep
// the order of the file. With "test_data", a second file with the same columns, or a "split_column" whose cells are
// train, validation or test, the rows that test are known, and all others learn.
//
// # Inputs
//
// Numbers are taken in units of the power of ten in which the largest of their column is below 10 (supervised.Shift).
// Everything is fitted on the rows that learn, one encoding for all folds, in binary64 with + − × ÷ √, in row order,
// and rounded once to binary32. The columns follow each other in ascending byte order of their names, whatever their
// order in the file:
//
//   - numeric: (x − mean) ÷ s with s = √(Σ(x − mean)² ÷ n) over the n known values; a missing value is their median
//     (the mean of the two in the middle where n is even). One more input, 1 for a missing value and else 0, follows
//     if training has missing values in the column.
//   - categorical: one input per category that training has, in ascending byte order of the names, 1 for the row's
//     own and else 0; where training has more than "max_categories", one for each of that many, the most frequent
//     ones, of equals the first, and one for all others, also those that training has not; then, if training has
//     missing values in the column, one for "missing". Where no input is for all others, a category that training has
//     not, or a missing value where it has none, is all zeros.
//   - boolean: one input, 1 for true; a missing value where training has none is its more frequent value, false of
//     equals.
//   - date: its parts, each as a numeric column: the year with the share of its days that has passed; the month; sine
//     and cosine of the day of the week, from Monday, of the day of the year, and of the time of day as angles
//     (f64.Sin): those that the form of the dates has and that are not the same in all rows. The first of them has
//     the input for a missing value.
//
// An input that would be the same in all training rows is left out. Classes are in ascending byte order of their
// names. A regression's target is scaled like a numeric column.
//
// # Networks and measures
//
// Where the gene dropout is not 0, dropout of that rate follows every hidden layer in training. A classifier of more
// than two classes has one output per class, the logits, and the loss softmax_cross_entropy; one of two classes has
// the logit of the second class alone and the loss binary_cross_entropy. Predictions are probabilities, a softmax
// over the logits, those of two classes being 0 and the output: with m the greatest logit and s = Σ exp(zₖ − m) in
// order R3, a probability is exp(zₖ − m) ÷ s. The error of a case is its cross-entropy, −log of the probability of
// its class in nats with probabilities taken within [0.001, 0.999], or |prediction − target| in a regression; that of
// many the sum in order R3 divided by the number, in binary32. Times the target's scale, in binary64, the latter is
// in the unit of the file.
//
// Performance is the negative validation error in units of the baseline's: −1 is as good as a constant. Accuracy
// would be what people quote, and is among the metrics, but it moves in steps of one row: on the 30 validation rows
// of a small table no relative improvement below 3 % exists, most networks are tied, and the tie says nothing of how
// sure they are. The cross-entropy moves with every weight, so that a demanded increment of half a per cent means
// something.
//
// The baselines are constants: the frequencies of the classes in training, or median and mean of its targets.
//
// # Members
//
// Beside the networks of every ensemble stand the constants and, where the table is small enough for them, ridge or
// logistic regression (DOIN-F64), the five and fifteen nearest neighbours and gradient-boosted trees (DOIN-BOOST,
// package boost). Trees see numbers as the networks do, missing ones as such, categories as their inputs and, in a
// regression or for two classes, as the mean target of other training rows of the category. Those of all folds stop
// together, by the error over all validation rows, and the final ones are as many. They are fitted by the first claim
// or trial, not when the domain is opened, and are not among the models that are shown beside the baselines.
//
// # Recipes
//
// Recipes, digests and the hash of synthetic data are package supervised's; measures count correct samples, none in a
// regression. The data hash ("doin/tabular/data/3"; before it went by the order of the columns in the file) covers
// inputs and targets of every part as binary32, the folds, names and scales, and the settings that results depend on
// (task, steps, cadence, patience).
package tabular
