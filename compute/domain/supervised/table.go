package supervised

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
)

// Limits of a data file.
const (
	MaxFileBytes = 64 << 20
	MaxRows      = 1 << 20
	MaxColumns   = 1024
	MaxValue     = 1e30 // magnitude: squares of differences stay finite
)

// ErrData is what every error about the content of a data file wraps.
var ErrData = data.ErrData

// lineError is an error at a line of the file, counted from 1.
type lineError struct {
	line   int
	reason string
}

func (e *lineError) Error() string { return fmt.Sprintf("%v: line %d: %s", ErrData, e.line, e.reason) }

// Unwrap returns ErrData.
func (e *lineError) Unwrap() error { return ErrData }

// AtLine returns an error wrapping ErrData that names a line of the file, counted from 1.
func AtLine(line int, format string, args ...any) error {
	return &lineError{line, fmt.Sprintf(format, args...)}
}

// Column returns the place of a name that a header must have once.
func Column(header []string, name string) (int, error) {
	at := slices.Index(header, name)
	if at < 0 {
		return 0, AtLine(1, "header has no column %.80q", name)
	}
	if slices.Contains(header[at+1:], name) {
		return 0, AtLine(1, "header has column %.80q twice", name)
	}
	return at, nil
}

// ReadFile makes something of a data file. Errors name the file; they wrap parse's, or domain.ErrConfig and that of the
// file system.
func ReadFile[T any](path string, parse func(r io.Reader) (T, error)) (T, error) {
	f, err := os.Open(path)
	if err != nil {
		var none T
		return none, fmt.Errorf("%w: data: %w", domain.ErrConfig, err)
	}
	defer f.Close()
	out, err := parse(f)
	if err != nil {
		return out, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// ReadTable reads a CSV file (RFC 4180, UTF-8, comma) with a header line of at least two names, none of them a number.
// header gets the names, row each row with the line at which it begins, and must keep no cell but a copy. Every row has
// as many cells as the header. A file has at most MaxRows, MaxColumns and MaxFileBytes. Anything else is an error that
// wraps ErrData; the errors of header and row end the reading and are returned as they stand.
func ReadTable(r io.Reader, header func(names []string) error, row func(line int, cells []string) error) error {
	all, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return fmt.Errorf("read data: %w", err)
	}
	if len(all) > MaxFileBytes {
		return fmt.Errorf("%w: larger than %d bytes", ErrData, MaxFileBytes)
	}
	rows := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(all, []byte("\ufeff"))))
	rows.ReuseRecord = true
	names, err := rows.Read()
	if err == io.EOF {
		return fmt.Errorf("%w: empty file", ErrData)
	}
	if err == nil {
		err = checkHeader(names)
	}
	if err == nil {
		err = header(names)
	}
	for n := 0; err == nil; n++ {
		var cells []string
		if cells, err = rows.Read(); err == io.EOF {
			return nil
		} else if err != nil {
			break
		}
		line, _ := rows.FieldPos(0)
		if n == MaxRows {
			return AtLine(line, "more than %d rows", MaxRows)
		}
		err = row(line, cells)
	}
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		return AtLine(pe.Line, "%v", pe.Err)
	}
	return err
}

// checkHeader refuses a header that is none.
func checkHeader(names []string) error {
	if len(names) < 2 || len(names) > MaxColumns {
		return AtLine(1, "header has %d columns: must be 2 to %d", len(names), MaxColumns)
	}
	for _, name := range names {
		if _, err := Decimal(name); err == nil {
			return AtLine(1, "no header: column name %.40q is a number", name)
		}
	}
	return nil
}

// Decimal parses a decimal number of a data file whose magnitude is at most MaxValue: not a hexadecimal one, an infinity,
// NaN, or one with spaces or underscores. The error is the reason alone.
func Decimal(s string) (float64, error) {
	if s == "" {
		return 0, errors.New("missing")
	}
	if len(s) > 64 || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, errors.New("not a decimal number")
	}
	v, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, errors.New("not a decimal number")
	}
	if err != nil || math.Abs(v) > MaxValue {
		return 0, fmt.Errorf("magnitude above %g", float64(MaxValue))
	}
	return v, nil
}
