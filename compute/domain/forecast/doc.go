// Package forecast is the domain of time-series forecasting from a CSV file: a multilayer perceptron or a temporal
// convolutional network predicts the next value of a series, or the next h of them at once, and is trained by AdamW with
// early stopping under the numeric contract (package nn).
//
// # Data
//
// [Parse] reads a table of times and values (package data) and puts the values on an axis, of which row i lies i steps after the
// first; [Form] says where in the table they are, and what is not said is found in the file and stands in the settings in force,
// so that a later version, which may find something else, reads the file as this one did.
//
// Steps are exact: whole numbers of months (quarters and years are three and twelve), days (weeks are seven), seconds or
// nanoseconds in UTC, or units of the last decimal of numbers that count. Without "frequency" the step is the most frequent
// distance of neighbours, if all others are multiples of it. Days that are the same of every month, or the last of theirs, are
// months; moments at one time of the day are days. Days of which some weekdays never occur are sessions: they are counted, a
// holiday has no row, and after the last come the next such weekdays. Without times rows are counted, and there is no
// calendar. Times of a finer kind than a configured frequency are in the row of their month, week or hour, which is then
// called by its first time.
//
// Rows are sorted by time. Two rows of one time are an error unless "duplicates" says what becomes of them. A missing row or value
// between others is filled in on the straight line between its neighbours, exactly and with five decimals more than the
// file has, if no more than every twentieth row is missing; "gaps" says otherwise. Masked rows are no origins and no targets, and
// what stands in for them is known at every origin after them. Rows without a value at either end are left out.
//
// Values are taken in units of the power of ten in which the largest is below 10 (supervised.ShiftText), so that the unit of
// the file has no influence on anything but the metrics.
//
// The last part of the rows is the test. Before it lie O folds, the rolling origins: fold i trains on the rows before its
// first origin's first target, with windows that expand from fold to fold, and validates at the origins from there to the
// next fold's. Each has the configured fraction of the rows; where times say when validation begins, the folds share what
// lies between. "folds" says how many there are; else three for fewer than 400 rows and two for more, but no more than leave
// a third of the rows, and as many as training needs, to the first.
//
// Scaling is fitted before the first origin's validation, one for all folds: the scale is the mean absolute difference of
// values one period apart (so that errors are MASE; Hyndman, Koehler 2006), the offset is row 0. Both, and the scaled series
// s = float32((y − offset)/scale), are computed once, in binary64 with + − × ÷, in row order. Everything after that, metrics
// included, is a function of what the data hash covers.
//
// Without "period" the periods are found in what precedes the test part (package closed, which tries the
// seasons of the calendar); the smallest of them that training has room for is the networks', all are the closed forms'.
//
// # Models and samples
//
// The gene model says what is trained. "mlp" is a perceptron (see package supervised). "tcn" is a stack of blocks residual
// blocks with channels channels and the given kernel, activation and dropout (package nn's kind tcn), the dilation of block b
// = 0, 1, … being 2^b; the last step of its output goes to the output layer. Genes of the other model are not part of a
// genome.
//
// The window w is a gene, so windows are index arithmetic over s and never stored. A tcn's is cut to what its last step
// can depend on: w = min(window, 1 + 2·(kernel − 1)·(2^blocks − 1)). The sample of origin o has the targets
// s[o+1+k] − s[o] for k = 0 … h−1, and the inputs
//
//   - mlp: s[o−w+j] − s[o] for j = 0 … w−1, ascending in time, then sine and cosine of the position of row o+1 in the
//     period (from a table of constants; absent for period 1);
//   - mlp with the gene difference at seasonal, for a period p above 1 and h up to 64: d[o−w+j] − d[o] with d[i] = s[i] − s[i−p], sine and
//     cosine, and what the season before changed, c[k] = s[o+1+k−b] − s[o−b] with b = (⌊k/p⌋ + 1)·p. The targets are less c[k], and
//     c[k] is added to the outputs. w is cut to what the first origin has before it; where that is nothing the gene means nothing;
//   - tcn: a sequence of w steps, the oldest first; step j has the channels s[o−w+j] − s[o] and sine and cosine of the
//     position of row o−w+j itself.
//
// Covariates are scaled to multiples of their standard deviation from their mean, both of the rows before the first origin's
// validation. Those of the past are seen up to row o, those known ahead up to row o+h:
//
//   - mlp: behind the others, column by column, the past ones' rows o−5 … o (no more of them than the window has rows), then the known
//     ones' rows o … o+h;
//   - tcn: more channels, step j of a past one having row o−w+1+j, of a known one row o−w+1+j+h.
//
// Closed forms do not see them. On synthetic data, and wherever a row has none, a covariate is what it was whole periods before.
//
// Several series (Form.Series is All) have the rows in common that all of them have, one split and one set of periods, those
// that most of them have. Each is scaled, has its calendar, covariates and masks by itself; samples and cases are those of one
// after the other, in the order of their names. One network is trained on all; a closed form is fitted to each. A claim's
// errors are of all cases alike, in units of their own series' scale.
//
// The closed forms are those of package closed that the shortest training part allows, on the values that s stands for.
//
// # Measures
//
// The error of a case, an origin, is the mean of |prediction − target| over the horizon, in scaled units, summed in ascending
// order in binary32; a mean absolute error is their sum in order R3 divided by their number. Times the scale, in binary64, it is
// in the unit of the file. Every part is measured at the same origins for every model and window. The baseline is the last value
// or the value whole periods before the target, whichever has the smaller validation error.
//
// # Recipes
//
// Recipes, digests and the hash of synthetic data are package supervised's. The data hash covers the scaled series, calendar
// columns and bounds of the split and the folds, masked rows, the scaled covariates, and the settings that results depend on
// (horizon, periods, steps, cadence, patience).
package forecast
