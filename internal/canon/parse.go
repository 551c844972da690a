package canon

import (
	"errors"
	"fmt"
	"math"
	"math/big"
)

const (
	// MaxDepth is the deepest nesting of lists and objects that the parsers accept.
	MaxDepth = 64
	// MaxIntDigits is the longest integer that the parsers accept; the reference's runtime
	// has the same limit.
	MaxIntDigits = 4300
)

// ErrSyntax is what a *SyntaxError unwraps to.
var ErrSyntax = errors.New("canon: invalid JSON")

// SyntaxError says where and why a text is refused.
type SyntaxError struct {
	Offset int // bytes before the offending one
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("canon: byte %d: %s", e.Offset, e.Reason)
}

// Unwrap returns ErrSyntax.
func (e *SyntaxError) Unwrap() error { return ErrSyntax }

// Parse reads one JSON value that fills data, white space around it aside. A number with '.',
// 'e' or 'E' is a float64, any other an integer. Of duplicate keys the last value wins at the first
// one's position. Refused with a *SyntaxError are: NaN and the infinities, decimals that
// overflow a double, nesting beyond MaxDepth, integers beyond MaxIntDigits, raw control
// characters in strings, bytes that are not UTF-8, a byte order mark and anything after the
// value. The result shares no memory with data.
func Parse(data []byte) (any, error) { return parse(data, false) }

// ParseObject is Parse for a text that must be an object; another kind is a *TypeError.
func ParseObject(data []byte) (*Object, error) {
	v, err := parse(data, false)
	if err != nil {
		return nil, err
	}
	return AsObject(v)
}

// ParseNonFinite is Parse that also reads NaN, Infinity and -Infinity and lets decimals overflow
// to infinity, as the reference does. It is for golden vectors, never for outside bytes.
func ParseNonFinite(data []byte) (any, error) { return parse(data, true) }

func parse(data []byte, nonFinite bool) (any, error) {
	p := parser{data: data, nonFinite: nonFinite}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(data) {
		return nil, p.fail("data after the value")
	}
	return v, nil
}

// Values returns at least the number of values that a JSON text holds, so that the memory it will take can be bounded before it
// is parsed. It counts what stands before a value, outside of strings, in one pass and without memory.
func Values(text []byte) int {
	n, quoted := 1, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',', c == ':', c == '[', c == '{':
			n++
		}
	}
	return n
}

// Memory returns about how many bytes a parsed value takes, and not much less, so that what is kept of strangers' values can be bounded.
func Memory(v any) int {
	const value = 64 // a member or an element, with its header and the room that a list grows by
	n := value
	switch v := v.(type) {
	case string:
		n += len(v)
	case *big.Int:
		n += v.BitLen() / 8
	case []any:
		for i := range v {
			n += Memory(v[i])
		}
	case *Object:
		for key, member := range v.All() {
			n += value + len(key) + Memory(member)
		}
	}
	return n
}

type parser struct {
	data      []byte
	pos       int
	nonFinite bool
	text      []byte // scratch for strings with escapes
}

func (p *parser) fail(reason string) error { return &SyntaxError{Offset: p.pos, Reason: reason} }

func (p *parser) failAt(offset int, reason string) error {
	return &SyntaxError{Offset: offset, Reason: reason}
}

func (p *parser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end (0 starts no value, so it needs no flag).
func (p *parser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *parser) unexpected(want string) error {
	if p.pos >= len(p.data) {
		return p.fail("unexpected end, want " + want)
	}
	return p.fail(fmt.Sprintf("unexpected %q, want %s", p.data[p.pos], want))
}

func (p *parser) value(depth int) (any, error) {
	switch c := p.peek(); {
	case c == '"':
		return p.str()
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.list(depth + 1)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return p.literal("true", true)
	case c == 'f':
		return p.literal("false", false)
	case c == 'n':
		return p.literal("null", nil)
	case c == 'N':
		return p.special("NaN", math.NaN())
	case c == 'I':
		return p.special("Infinity", math.Inf(1))
	default:
		return nil, p.unexpected("a value")
	}
}

func (p *parser) literal(word string, v any) (any, error) {
	if len(p.data)-p.pos < len(word) || string(p.data[p.pos:p.pos+len(word)]) != word {
		return nil, p.unexpected("a value")
	}
	p.pos += len(word)
	return v, nil
}

func (p *parser) special(word string, f float64) (any, error) {
	start := p.pos
	v, err := p.literal(word, f)
	if err == nil && !p.nonFinite {
		return nil, p.failAt(start, "non-finite number "+word)
	}
	return v, err
}

func (p *parser) list(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, p.fail("nested too deeply")
	}
	p.pos++
	p.space()
	l := []any{}
	if p.peek() == ']' {
		p.pos++
		return l, nil
	}
	for {
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return l, nil
		default:
			return nil, p.unexpected("',' or ']'")
		}
	}
}

func (p *parser) object(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, p.fail("nested too deeply")
	}
	p.pos++
	p.space()
	o := &Object{}
	if p.peek() == '}' {
		p.pos++
		return o, nil
	}
	for {
		p.space()
		if p.peek() != '"' {
			return nil, p.unexpected("a key")
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.peek() != ':' {
			return nil, p.unexpected("':'")
		}
		p.pos++
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		o.set(key, v)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return o, nil
		default:
			return nil, p.unexpected("',' or '}'")
		}
	}
}
