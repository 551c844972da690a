// Package report draws a page of a node's results that opens without a network: one HTML file without outside references, and its plots
// once more as SVG files.
//
// [Page] takes what has been found as plain data (champions, evidence of the worker, rows of the search) and returns files by name;
// it reads and writes nothing. Plots are [Chart]s: points, lines, steps and bars over one pair of axes, as SVG of this package's
// own. Where scripts run the page draws them as the dashboard does, of the same parts (net/web): there they are pointed at, enlarged and
// saved. Absent: logarithmic axes.
package report
