package config

import (
	"errors"
	"fmt"

	"doin.network/node/internal/canon"
)

// ErrInvalid is what every Problem unwraps to. Load, Parse, Validate and
// Flags.Apply return it, joined once per problem.
var ErrInvalid = errors.New("invalid configuration")

// Problem is one thing wrong with a configuration.
type Problem struct {
	// File is where it was found, "" outside a file.
	File string
	// Key is the path of the value, "domains[0].optimize" for example; "" when
	// the file as a whole is at fault.
	Key string
	// Value is the value as JSON, shortened; "" when there is none.
	Value string
	// Reason says what would be right.
	Reason string
}

// Error implements error: "node.json: port 70000: must be in [0, 65535]".
func (p *Problem) Error() string {
	s := p.Reason
	switch {
	case p.Key != "" && p.Value != "":
		s = fmt.Sprintf("%s %s: %s", p.Key, p.Value, s)
	case p.Key != "":
		s = fmt.Sprintf("%s: %s", p.Key, s)
	}
	if p.File != "" {
		s = p.File + ": " + s
	}
	return s
}

// Unwrap returns ErrInvalid.
func (p *Problem) Unwrap() error { return ErrInvalid }

// Warning is a key that is accepted and does not do what its reader may expect.
type Warning struct {
	Key    string
	Reason string
}

// String returns one line for the log.
func (w Warning) String() string { return w.Key + ": " + w.Reason }

// maxShown bounds the text of a value in a message.
const maxShown = 60

// show renders a value for a message.
func show(v any) string {
	b := canon.Default(v)
	if len(b) <= maxShown {
		return string(b)
	}
	return string(b[:maxShown]) + "…" // the encoder writes ASCII: no rune is cut
}

// Faults returns the errors that are joined in an error of Load, Validate or Flags.Apply, one for each problem.
func Faults(err error) []error { return flatten(err) }
