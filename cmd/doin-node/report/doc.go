// Package report draws a page of a node's results that opens without a network: one HTML file without outside references, and its plots
// once more as SVG files.
//
// [Page] takes what has been found as plain data (champions, evidence of the worker, rows of the search) and returns files by name;
// it reads and writes nothing. Plots are [Chart]s: points, lines, steps and bars over one pair of axes, as SVG of this package's
// own. Absent: themes, logarithmic axes, anything that moves.
package report
