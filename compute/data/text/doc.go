// Package text reads tables written as text: what stands between cells, around them and before them, in whatever encoding
// and compression.
//
// [Unpack] takes the compression off a stream, by its first bytes and not by its name. [NewReader] finds encoding and
// [Dialect] in the first [SampleBytes] of what is left, where its [Settings] leave them open, and reads the rows; every row of
// the file is then held to them. Lines end in LF, CRLF or CR, outside quotes; inside they read as LF. Blanks around cells are
// no part of them, those within quotes are. A cell begins and ends with the quote or has none: marks within are text, the
// quote itself is written twice within quotes.
//
// Deliberately absent: escapes by backslash, which are told by a sentence, and what cells mean.
package text
