// Package inspect says what a data file is to the built-in domains, and which configuration suits it.
//
// [File] reads the file, looks at every cell of every column, chooses forecast where there is a column of times that steps and
// tabular elsewhere, and opens that domain with the configuration that it suggests: what a [Report] says of settings, split, folds
// and baselines is the domain's own description, and the configuration has been tried. [Report.Object] is it as JSON, [Report.Text]
// as a page.
//
// The domains decide how a file is read. What is counted here beside them, kinds, gaps and outliers, is for people to read:
// nothing depends on it.
package inspect
