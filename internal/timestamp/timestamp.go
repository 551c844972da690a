// Package timestamp is the protocol's timestamp: a date-time with microseconds that remembers the
// offset it was written with, because that text is part of hash pre-images.
//
// There are two renderings. ISO goes into pre-images, tables and files; Wire goes into JSON on
// the network. They differ in how a zero offset is written ("+00:00" and "Z"). In both the
// fraction is absent when it is zero and has six digits otherwise, and a time that was given
// without an offset (naive) is written without one.
//
// The package never reads a clock.
package timestamp

import (
	"time"
)

const (
	microSec  = 1_000_000
	minMicro  = -62135596800 * microSec             // 0001-01-01T00:00:00
	maxMicro  = (253402300799 * microSec) + 999_999 // 9999-12-31T23:59:59.999999
	unix1600  = -11676096000                        // numbers earlier than this are not read as times
	unix9999  = 253402300799
	watershed = 20_000_000_000 // numbers beyond this count milliseconds
)

type kind uint8

const (
	none kind = iota
	naive
	aware
)

// Time is a date-time of the years 1 to 9999 with microsecond resolution, aware of its offset
// or naive. The zero value is "no time". Values are comparable; two spellings of one instant
// with different offsets are different values.
type Time struct {
	local  int64 // microseconds since 1970-01-01T00:00:00 of the written date and time
	offset int32 // seconds east of UTC; 0 for naive times
	kind   kind
}

// FromMicro returns the UTC time us microseconds after the Unix epoch. A value outside the years
// 1 to 9999 is moved to the nearer end.
func FromMicro(us int64) Time {
	return Time{local: min(max(us, minMicro), maxMicro), kind: aware}
}

// FromTime returns t in UTC with the nanoseconds below a microsecond cut off.
func FromTime(t time.Time) Time { return FromMicro(t.UnixMicro()) }

// Micro returns microseconds since the Unix epoch; a naive time is read as UTC.
func (t Time) Micro() int64 { return t.local - int64(t.offset)*microSec }

// Time returns the instant in UTC; a naive time is read as UTC.
func (t Time) Time() time.Time { return time.UnixMicro(t.Micro()).UTC() }

// IsZero reports whether t is the zero value. The Unix epoch is not.
func (t Time) IsZero() bool { return t.kind == none }

// IsNaive reports whether t was given without an offset.
func (t Time) IsNaive() bool { return t.kind == naive }

// ISO renders t for hash pre-images, such as 2026-01-02T03:04:05.678901+00:00. The zero value
// renders as "".
func (t Time) ISO() string { return string(t.append(nil, "+00:00")) }

// Wire renders t for JSON on the network, such as 2026-01-02T03:04:05.678901Z. The zero value
// renders as "".
func (t Time) Wire() string { return string(t.append(nil, "Z")) }

// String is Wire.
func (t Time) String() string { return t.Wire() }

func (t Time) append(dst []byte, utc string) []byte {
	if t.kind == none {
		return dst
	}
	d := time.UnixMicro(t.local).UTC()
	year, month, dayOfMonth := d.Date()
	hour, minute, second := d.Clock()
	dst = digits(dst, year, 4)
	dst = digits(append(dst, '-'), int(month), 2)
	dst = digits(append(dst, '-'), dayOfMonth, 2)
	dst = digits(append(dst, 'T'), hour, 2)
	dst = digits(append(dst, ':'), minute, 2)
	dst = digits(append(dst, ':'), second, 2)
	if us := d.Nanosecond() / 1000; us != 0 {
		dst = digits(append(dst, '.'), us, 6)
	}
	switch {
	case t.kind == naive:
		return dst
	case t.offset == 0:
		return append(dst, utc...)
	}
	offset := int(t.offset) / 60
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = digits(append(dst, sign), offset/60, 2)
	return digits(append(dst, ':'), offset%60, 2)
}

// digits appends n ≥ 0 in width decimal digits, 10^width > n.
func digits(dst []byte, n, width int) []byte {
	start := len(dst)
	for range width {
		dst = append(dst, '0')
	}
	for i := start + width - 1; i >= start; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}
