package canon

import (
	"errors"
	"math"
	"math/big"
	"strconv"
)

func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.data) && p.data[p.pos]-'0' <= 9 {
		p.pos++
	}
	return p.pos - start
}

func (p *parser) number() (any, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
		if p.peek() == 'I' {
			return p.special("Infinity", math.Inf(-1))
		}
	}
	whole := 1
	if p.peek() == '0' {
		p.pos++
	} else if whole = p.digits(); whole == 0 {
		return nil, p.unexpected("a digit")
	}
	isFloat := false
	if p.peek() == '.' {
		isFloat = true
		p.pos++
		if p.digits() == 0 {
			return nil, p.unexpected("a digit")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		isFloat = true
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if p.digits() == 0 {
			return nil, p.unexpected("a digit")
		}
	}
	token := string(p.data[start:p.pos])
	if !isFloat {
		return p.integer(token, start, whole)
	}
	f, err := strconv.ParseFloat(token, 64)
	if err != nil && !(p.nonFinite && errors.Is(err, strconv.ErrRange)) {
		return nil, p.failAt(start, "number beyond the range of a double")
	}
	return f, nil
}

func (p *parser) integer(token string, start, digits int) (any, error) {
	if n, err := strconv.ParseInt(token, 10, 64); err == nil {
		return n, nil
	}
	if digits > MaxIntDigits {
		return nil, p.failAt(start, "integer with too many digits")
	}
	n, ok := new(big.Int).SetString(token, 10)
	if !ok {
		return nil, p.failAt(start, "malformed integer")
	}
	return n, nil
}
