// Package columnar reads Arrow IPC files and streams and Parquet files into texts, column by column: each value as a text file
// would have it. Numbers are the shortest decimal numbers that are the value in its own type, times are ISO 8601, with Z where the
// column has a time zone, booleans true and false; null and NaN are empty.
//
// [ReadArrow] and [ReadParquet] hand the texts to a [Table]. Files may be damaged: everything that is allocated by a length in
// the file is bounded before, and what panics within the libraries is an error. Deliberately absent: nested columns, which are
// refused by name unless they are not wanted, encryption, and writing.
package columnar
