package live

import (
	"strconv"
	"strings"
)

// flat calls found with the numbers, texts and booleans of a JSON object, those of objects in it by "outer.inner"; members of
// "genome" stand for themselves, lists are left out. number says whether v is it, else s is; true and false are texts. It stops at
// what is no JSON: the text is one that this program has written, and speed matters more here than what is wrong with others.
func flat(text string, found func(name string, number bool, v float64, s string)) {
	p := parser{text: text, found: found}
	p.object("")
}

type parser struct {
	text  string
	at    int
	depth int
	found func(name string, number bool, v float64, s string)
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// object reads an object; false where it has to stop.
func (p *parser) object(prefix string) bool {
	if p.depth++; p.depth > 8 || !p.take('{') {
		return false
	}
	defer func() { p.depth-- }()
	if p.take('}') {
		return true
	}
	for {
		name, ok := p.quoted()
		if !ok || !p.take(':') || !p.value(prefix+name) {
			return false
		}
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

func (p *parser) value(name string) bool {
	p.space()
	if p.at >= len(p.text) {
		return false
	}
	switch p.text[p.at] {
	case '{':
		prefix := name + "."
		if name == "genome" || strings.HasSuffix(name, ".genome") {
			prefix = ""
		}
		return p.object(prefix)
	case '[':
		return p.skip()
	case '"':
		s, ok := p.quoted()
		if ok {
			p.found(name, false, 0, s)
		}
		return ok
	}
	from := p.at
	for p.at < len(p.text) && strings.IndexByte(",}] \t\r\n", p.text[p.at]) < 0 {
		p.at++
	}
	word := p.text[from:p.at]
	if v, err := strconv.ParseFloat(word, 64); err == nil {
		p.found(name, true, v, "")
	} else if word == "true" || word == "false" {
		p.found(name, false, 0, word)
	}
	return p.at > from
}

// quoted reads a text. Escapes are left as they are: names and levels are plain words.
func (p *parser) quoted() (string, bool) {
	if !p.take('"') {
		return "", false
	}
	from := p.at
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return p.text[from : p.at-1], true
		}
		p.at++
	}
	return "", false
}

// skip passes over a list.
func (p *parser) skip() bool {
	open := 0
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '"':
			if _, ok := p.quoted(); !ok {
				return false
			}
			continue
		case '[', '{':
			open++
		case ']', '}':
			open--
		}
		p.at++
		if open == 0 {
			return true
		}
	}
	return false
}
