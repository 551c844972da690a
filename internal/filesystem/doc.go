// Package filesystem says of what kind the file system below a path is. [Network] names those that lie on another machine, on which
// file locks and memory maps of databases are not to be relied upon; on systems other than Linux it knows none.
package filesystem
