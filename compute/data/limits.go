package data

// Limits of what is read. Columns that are not kept count by their bytes alone.
const (
	MaxBytes   = 1 << 30    // of text, after decompression
	MaxCells   = 20_000_000 // of the columns that are kept
	MaxRows    = 20_000_000
	MaxColumns = 4096     // of a file
	MaxMissing = 256      // texts of missing values
	MaxCell    = 64 << 10 // bytes of a cell that is kept
)

// GCPercent is the setting of the garbage collector (debug.SetGCPercent) with which a program that reads tables takes about three
// times the file of a series, and once that of a table. What grows to hold a table is collected some dozens of times, whatever its size.
const GCPercent = 10
