package canon

import "unicode/utf8"

// str reads a string, p being at its opening quote.
func (p *parser) str() (string, error) {
	p.pos++
	start := p.pos
	p.text = p.text[:0]
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			tail := p.data[start:p.pos]
			p.pos++
			if len(p.text) == 0 {
				return string(tail), nil
			}
			p.text = append(p.text, tail...)
			return string(p.text), nil
		case c == '\\':
			p.text = append(p.text, p.data[start:p.pos]...)
			if err := p.escape(); err != nil {
				return "", err
			}
			start = p.pos
		case c < ' ':
			return "", p.fail("control character in a string")
		case c < utf8.RuneSelf:
			p.pos++
		default:
			r, size := utf8.DecodeRune(p.data[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", p.fail("not UTF-8")
			}
			p.pos += size
		}
	}
	return "", p.fail("unexpected end in a string")
}

func (p *parser) escape() error {
	if p.pos+1 >= len(p.data) {
		return p.fail("unexpected end in a string")
	}
	c := p.data[p.pos+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return p.unicode()
	default:
		return p.fail("unknown escape")
	}
	p.text = append(p.text, c)
	p.pos += 2
	return nil
}

// unicode reads \uXXXX and joins a surrogate pair; a lone surrogate is kept as WTF-8.
func (p *parser) unicode() error {
	r, ok := p.unit(p.pos)
	if !ok {
		return p.fail("want four hex digits after \\u")
	}
	p.pos += 6
	if r >= 0xD800 && r < 0xDC00 {
		if low, ok := p.unit(p.pos); ok && low >= 0xDC00 && low < 0xE000 {
			p.pos += 6
			r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
		}
	}
	if r >= 0xD800 && r < 0xE000 {
		p.text = append(p.text, 0xED, 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F))
		return nil
	}
	p.text = utf8.AppendRune(p.text, r)
	return nil
}

// unit reads the escape \uXXXX at offset i.
func (p *parser) unit(i int) (rune, bool) {
	if i+6 > len(p.data) || p.data[i] != '\\' || p.data[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range p.data[i+2 : i+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
