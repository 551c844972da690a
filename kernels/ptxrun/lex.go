package ptxrun

import (
	"errors"
	"fmt"
	"strings"
)

// ErrPTX is returned, wrapped, by Parse and Translate for text that they do not know how to run.
var ErrPTX = errors.New("ptxrun: not understood")

// token is a word, a string or a punctuation mark; line counts from 1.
type token struct {
	text string
	line int
}

// Words hold what names, numbers, directives and opcodes are made of.
func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_$%.", c) >= 0
}

// lex cuts a text into tokens; comments are left out.
func lex(text string) ([]token, error) {
	var out []token
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(text[i:], "//"):
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				return out, nil
			}
			i += n
		case strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i:], "*/")
			if n < 0 {
				return nil, fmt.Errorf("%w: line %d: comment without an end", ErrPTX, line)
			}
			line += strings.Count(text[i:i+n], "\n")
			i += n + 2
		case c == '"':
			n := strings.IndexByte(text[i+1:], '"')
			if n < 0 {
				return nil, fmt.Errorf("%w: line %d: string without an end", ErrPTX, line)
			}
			out = append(out, token{text[i : i+n+2], line})
			line += strings.Count(text[i:i+n+2], "\n")
			i += n + 2
		case inWord(c):
			n := i
			for n < len(text) && (inWord(text[n]) || strings.HasPrefix(text[n:], "::")) {
				if text[n] == ':' {
					n++
				}
				n++
			}
			out = append(out, token{text[i:n], line})
			i = n
		case strings.IndexByte("{}[]()<>,;:@!|+-=", c) >= 0:
			out = append(out, token{text[i : i+1], line})
			i++
		default:
			return nil, fmt.Errorf("%w: line %d: character %q", ErrPTX, line, c)
		}
	}
	return out, nil
}
