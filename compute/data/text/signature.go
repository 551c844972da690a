package text

import (
	"bytes"
	"unicode/utf8"
)

// signatures are the first bytes of what is no table, and what helps.
var signatures = []struct{ head, sentence string }{
	{"\xd0\xcf\x11\xe0", "a workbook of a spreadsheet: save the sheet as CSV"},
	{"%PDF", "a PDF document"},
	{"SQLite format 3\x00", "a SQLite database: export the table as CSV"},
	{"\x89HDF", "an HDF5 file: export the table as CSV or Parquet"},
	{"\x93NUMPY", "a NumPy array: save it by numpy.savetxt with delimiter=','"},
	{"\x80\x04\x95", "a Python pickle: save it by to_csv or to_parquet"},
	{"\xfd7zXZ\x00", "compressed by xz: unpack it first, or use gzip or zstd"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"},
	{"Rar!", "a RAR archive: unpack it first"},
	{"RDX", "an R data file: save it by write.csv"},
	{"\x1f\x8b\x08", "still compressed: unpack it first"},
	{"\x28\xb5\x2f\xfd", "still compressed: unpack it first"},
	{"PK\x03\x04", "still compressed: unpack it first"},
	{"<!DOCTYPE", "an HTML page, perhaps of an error, not a table"},
	{"<!doctype", "an HTML page, perhaps of an error, not a table"},
	{"<html", "an HTML page, perhaps of an error, not a table"},
	{"<?xml", "an XML document: export the table as CSV"},
	{"@relation", "an ARFF file: export the table as CSV"},
	{"@RELATION", "an ARFF file: export the table as CSV"},
	{"{", "JSON: export the table as CSV or Parquet"},
	{"[{", "JSON: export the table as CSV or Parquet"},
	{"[[", "JSON: export the table as CSV or Parquet"},
}

// foreign returns what a file is that its first bytes show to be no table; empty: nothing is known against it.
func foreign(head []byte) string {
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return "a tar archive: unpack it first"
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.head)) || s.head[0] < utf8.RuneSelf && bytes.HasPrefix(start, []byte(s.head)) {
			return s.sentence
		}
	}
	return ""
}
