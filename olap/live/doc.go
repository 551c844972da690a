// Package live answers the questions of the dashboard over the SQLite file of package olap while the node writes it: by
// views, each within bounds on rows, bytes and time.
//
//	db, err := live.Open(path)
//	go db.Run(ctx)                                  // keeps columns of rounds and busy times in memory, tells what has changed
//	a, err := db.Answer(ctx, "history", url.Values{…}) // a.Body is JSON, or columns as [Columns] writes them
//
// No answer has more points than pixels: series are thinned by M4 (Jugel, Jerzak, Hackenbroich, Markl: "M4: A
// Visualization-Oriented Time Series Data Aggregation", VLDB 2014, section 4), which keeps the first, last, lowest and
// highest point of each pixel column, so that a line through them covers the same pixels. What is drawn for
// single trials (parallel coordinates, slices, importance) is drawn from a sample, whose size every answer states.
//
// The driver is the one that olap/sqlite registers; this package opens a pool of its own, read only, so that questions never
// wait for the recorder nor it for them. There is nothing here that writes.
package live
