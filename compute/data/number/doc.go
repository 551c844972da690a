// Package number reads decimal numbers as people write them, to the nearest binary64, rounded once.
//
// A [Format] says which marks a file uses: the decimal point or comma, and what stands between groups of three digits. Its zero
// value is a point and no groups. A [Detector] sees the cells of a file one by one and finds its format, or says which setting would
// decide what no cell does: 1,234 may be a thousand or one and a bit.
//
// A number is a sign (+, -, or U+2212), digits, in groups of three where the format has any, at most one decimal mark with digits
// on at least one side, and an exponent (e or E, a sign, digits). Spaces around it do not count. Its magnitude is at most [Max].
// Absent, each refused with a sentence: percent signs, currencies, accountants' parentheses, hexadecimal numbers, infinities, other
// groups than of three digits.
package number
