// Package data reads the tables that people have into a [Grid]: cells of text by column, as the file writes them.
//
// [Read] takes a file, [ReadFrom] whatever can be read. [Options] say how the file is to be understood; what they leave open
// is found in the file, and [Reading] says what was found: its options read the file again in the same way, whatever a later
// version would find. Nothing is decided on a part of a file and contradicted later in silence: a row, a byte or a quote that
// does not fit is an [Error], which names the line, the column and the option that helps.
//
// A grid knows no numbers, times or categories: what its texts mean is for compute/data/number, compute/data/when and the
// domains. Reading is bounded: the limits are checked before memory is taken.
package data
