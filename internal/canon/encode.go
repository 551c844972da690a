package canon

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// style is one of the byte forms.
type style struct {
	sorted     bool
	comma      string
	colon      string
	indent     int // spaces per level; 0 = one line
	lineBreaks bool
}

var (
	canonicalStyle = style{sorted: true, comma: ", ", colon: ": "}
	defaultStyle   = style{comma: ", ", colon: ": "}
	compactStyle   = style{sorted: true, comma: ",", colon: ":"}
	indentStyle    = style{comma: ",", colon: ": ", indent: 2, lineBreaks: true}
)

// AppendCanonical appends the canonical form of v: sorted keys, ", " and ": ". It is the form
// of every hash pre-image. Values of an unsupported type panic, as in all encoders.
func AppendCanonical(dst []byte, v any) []byte { return appendValue(dst, v, &canonicalStyle, 0) }

// AppendDefault appends v with keys in insertion order, ", " and ": ": the form of bodies on
// the wire.
func AppendDefault(dst []byte, v any) []byte { return appendValue(dst, v, &defaultStyle, 0) }

// AppendCompact appends v with sorted keys and no blanks.
func AppendCompact(dst []byte, v any) []byte { return appendValue(dst, v, &compactStyle, 0) }

// AppendIndent appends v in insertion order over several lines, two blanks per level, without a
// line break at the end.
func AppendIndent(dst []byte, v any) []byte { return appendValue(dst, v, &indentStyle, 0) }

// Canonical returns AppendCanonical of v in a fresh slice.
func Canonical(v any) []byte { return AppendCanonical(nil, v) }

// Default returns AppendDefault of v in a fresh slice.
func Default(v any) []byte { return AppendDefault(nil, v) }

// Hash returns the SHA-256 of the canonical form of v as 64 lower-case hex digits.
func Hash(v any) string {
	sum := sha256.Sum256(AppendCanonical(make([]byte, 0, 512), v))
	return hex.EncodeToString(sum[:])
}

// Equal reports whether a and b have the same canonical bytes. 1 and 1.0 differ, as do 0.0
// and -0.0; NaN equals NaN.
func Equal(a, b any) bool { return bytes.Equal(Canonical(a), Canonical(b)) }

// Size is about how many bytes v takes as JSON, found without writing it: strings count as long as they are, any other value 8.
func Size(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(len(v)) + 2
	case []any:
		n := int64(2)
		for _, e := range v {
			n += Size(e) + 2
		}
		return n
	case *Object:
		n := int64(2)
		for key, e := range v.All() {
			n += int64(len(key)) + Size(e) + 6
		}
		return n
	}
	return 8
}

// Finite reports whether v contains no NaN and no infinity, at any depth.
func Finite(v any) bool {
	switch v := v.(type) {
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		for i := range v {
			if !Finite(v[i]) {
				return false
			}
		}
	case *Object:
		if v == nil {
			return true
		}
		for i := range v.members {
			if !Finite(v.members[i].val) {
				return false
			}
		}
	case []float64:
		for _, f := range v {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return false
			}
		}
	}
	return true
}

func appendValue(dst []byte, v any, st *style, level int) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return AppendFloat(dst, v)
	case string:
		return AppendString(dst, v)
	case []any:
		return appendList(dst, v, st, level)
	case *Object:
		return appendObject(dst, v, st, level)
	case *big.Int:
		return v.Append(dst, 10)
	default:
		return appendValue(dst, normal(v), st, level) // panics on what it does not know
	}
}

func appendList(dst []byte, l []any, st *style, level int) []byte {
	if len(l) == 0 {
		return append(dst, '[', ']')
	}
	dst = append(dst, '[')
	for i := range l {
		if i > 0 {
			dst = append(dst, st.comma...)
		}
		dst = st.newline(dst, level+1)
		dst = appendValue(dst, l[i], st, level+1)
	}
	dst = st.newline(dst, level)
	return append(dst, ']')
}

func appendObject(dst []byte, o *Object, st *style, level int) []byte {
	if o.Len() == 0 {
		return append(dst, '{', '}')
	}
	var scratch [16]int32
	var order []int32
	if st.sorted {
		order = o.sortedOrder(scratch[:0])
	}
	dst = append(dst, '{')
	for i := range o.members {
		m := &o.members[i]
		if order != nil {
			m = &o.members[order[i]]
		}
		if i > 0 {
			dst = append(dst, st.comma...)
		}
		dst = st.newline(dst, level+1)
		dst = AppendString(dst, m.key)
		dst = append(dst, st.colon...)
		dst = appendValue(dst, m.val, st, level+1)
	}
	dst = st.newline(dst, level)
	return append(dst, '}')
}

// sortedOrder returns the positions of the members by key, or nil if they are in order already.
// Bytewise order of WTF-8 is the order of code points, lone surrogates included.
func (o *Object) sortedOrder(scratch []int32) []int32 {
	inOrder := true
	for i := 1; i < len(o.members) && inOrder; i++ {
		inOrder = o.members[i-1].key < o.members[i].key
	}
	if inOrder {
		return nil
	}
	order := scratch
	for i := range o.members {
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(a, b int32) int {
		return strings.Compare(o.members[a].key, o.members[b].key)
	})
	return order
}

func (st *style) newline(dst []byte, level int) []byte {
	if !st.lineBreaks {
		return dst
	}
	dst = append(dst, '\n')
	for range level * st.indent {
		dst = append(dst, ' ')
	}
	return dst
}

// GoString shows the default form; it is for failure messages of tests (%#v).
func (o *Object) GoString() string { return fmt.Sprintf("canon%s", Default(o)) }
