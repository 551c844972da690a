package columnar

import (
	"math"
	"strconv"
	"time"
)

// appendFloat appends the shortest decimal number that is v among the numbers of so many bits; nothing for NaN.
func appendFloat(dst []byte, v float64, bits int) []byte {
	if math.IsNaN(v) {
		return dst
	}
	form := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, v, form, -1, bits)
}

// appendDay appends a day, counted from 1970-01-01.
func appendDay(dst []byte, day int64) []byte {
	return time.Unix(day*86400, 0).UTC().AppendFormat(dst, time.DateOnly)
}

// appendMoment appends a moment, counted in units since 1970, of which perSecond make a second. zoned: the count is that of UTC,
// not of clocks somewhere.
func appendMoment(dst []byte, v, perSecond int64, zoned bool) []byte {
	seconds, rest := v/perSecond, v%perSecond
	if rest < 0 {
		seconds, rest = seconds-1, rest+perSecond
	}
	dst = time.Unix(seconds, rest*(1e9/perSecond)).UTC().AppendFormat(dst, "2006-01-02T15:04:05.999999999")
	if zoned {
		dst = append(dst, 'Z')
	}
	return dst
}

// appendClock appends a time of the day, counted in units since midnight.
func appendClock(dst []byte, v, perSecond int64) []byte {
	if v < 0 || v/perSecond >= 86400 {
		return strconv.AppendInt(dst, v, 10)
	}
	return time.Unix(v/perSecond, v%perSecond*(1e9/perSecond)).UTC().AppendFormat(dst, "15:04:05.999999999")
}
