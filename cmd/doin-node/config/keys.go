package config

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	"doin.network/node/internal/canon"
)

// AddedNone and AddedBuiltin are the values of added_domains.
const (
	AddedNone    = "none"
	AddedBuiltin = "builtin"
)

// Flooding and Gossipsub are the values of network_protocol.
const (
	Flooding  = "flooding"
	Gossipsub = "gossipsub"
)

// HTTP and P2P are the values of network; P2PPortOffset is how far above the HTTP port that of P2P is by default.
const (
	HTTP          = "http"
	P2P           = "p2p"
	P2PPortOffset = 1000
)

// DeviceAuto and DeviceCPU are values of device; others name one GPU, "cuda:0".
const (
	DeviceAuto = "auto"
	DeviceCPU  = "cpu"
)

// key is one member of an object of the file: its name, what its values are, how one is
// stored in a T and got back, and why it has no effect, if it has none.
type key[T any] struct {
	name   string
	kind   kind
	read   func(at *T, v any) error
	value  func(at *T) any // as it would stand in the file; nil where there is no such thing
	unused string
}

// kind is what values of a key are, for a schema.
type kind string

const (
	kindText    kind = "string"
	kindTexts   kind = "list of strings"
	kindBool    kind = "boolean"
	kindInteger kind = "integer"
	kindNumber  kind = "number"
	kindSeconds kind = "seconds"
	kindObject  kind = "object"
	kindAny     kind = "" // several; the key's text says which
)

func names[T any](keys []key[T]) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return out
}

// The readers below answer with what the value should have been.
var (
	errText    = errors.New("must be a string")
	errBool    = errors.New("must be true or false")
	errInteger = errors.New("must be an integer")
	errNumber  = errors.New("must be a number")
	errObject  = errors.New("must be an object")
	errTexts   = errors.New("must be a list of strings")
)

func text[T any](name string, field func(*T) *string) key[T] {
	return key[T]{name: name, kind: kindText, value: func(at *T) any { return *field(at) }, read: func(at *T, v any) error {
		s, ok := v.(string)
		if !ok {
			return errText
		}
		*field(at) = s
		return nil
	}}
}

func texts[T any](name string, field func(*T) *[]string) key[T] {
	return key[T]{name: name, kind: kindTexts, value: func(at *T) any { return anyTexts(*field(at)) }, read: func(at *T, v any) error {
		list, ok := v.([]any)
		if !ok {
			return errTexts
		}
		out := make([]string, len(list))
		for i := range list {
			if out[i], ok = list[i].(string); !ok {
				return errTexts
			}
		}
		*field(at) = out
		return nil
	}}
}

func boolean[T any](name string, field func(*T) *bool) key[T] {
	return key[T]{name: name, kind: kindBool, value: func(at *T) any { return *field(at) }, read: func(at *T, v any) error {
		b, ok := v.(bool)
		if !ok {
			return errBool
		}
		*field(at) = b
		return nil
	}}
}

func integer[T any](name string, field func(*T) *int) key[T] {
	return key[T]{name: name, kind: kindInteger, value: func(at *T) any { return int64(*field(at)) }, read: func(at *T, v any) error {
		n, ok := v.(int64)
		if !ok {
			return errInteger
		}
		if int64(int(n)) != n {
			return errors.New("is too large")
		}
		*field(at) = int(n)
		return nil
	}}
}

func number[T any](name string, field func(*T) *float64) key[T] {
	return key[T]{name: name, kind: kindNumber, value: func(at *T) any { return wholeOrFloat(*field(at)) }, read: func(at *T, v any) error {
		f, err := toFloat(v)
		if err == nil {
			*field(at) = f
		}
		return err
	}}
}

// maxSeconds bounds every duration: some thirty years, far from overflow.
const maxSeconds = 1e9

func seconds[T any](name string, field func(*T) *time.Duration) key[T] {
	return key[T]{name: name, kind: kindSeconds, value: func(at *T) any { return wholeOrFloat(field(at).Seconds()) }, read: func(at *T, v any) error {
		f, err := toFloat(v)
		if err != nil {
			return err
		}
		if !(f >= -maxSeconds && f <= maxSeconds) {
			return fmt.Errorf("must be at most %g seconds", maxSeconds)
		}
		*field(at) = time.Duration(f * float64(time.Second))
		return nil
	}}
}

// object carries what a plugin understands.
func object[T any](name string, field func(*T) **canon.Object) key[T] {
	return key[T]{name: name, kind: kindObject, value: func(at *T) any { return orNothing(*field(at)) }, read: func(at *T, v any) error {
		o, ok := v.(*canon.Object)
		if !ok {
			return errObject
		}
		*field(at) = o
		return nil
	}}
}

// or makes a key accept null as well, calling reset for it.
func or[T any](k key[T], reset func(*T)) key[T] {
	read := k.read
	k.read = func(at *T, v any) error {
		if v == nil {
			reset(at)
			return nil
		}
		if err := read(at, v); err != nil {
			return fmt.Errorf("%w or null", err)
		}
		return nil
	}
	return k
}

// unused is a key of other implementations: its type is checked, its value is
// not used, for the reason given.
func unused[T any](k key[T], reason string) key[T] {
	k.unused = reason
	return k
}

func anyTexts(list []string) any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// orNothing is an object of the file, null for none.
func orNothing(o *canon.Object) any {
	if o == nil {
		return nil
	}
	return o
}

func discardText[T any](*T) *string           { return new(string) }
func discardBool[T any](*T) *bool             { return new(bool) }
func discardInt[T any](*T) *int               { return new(int) }
func discardNumber[T any](*T) *float64        { return new(float64) }
func discardSeconds[T any](*T) *time.Duration { return new(time.Duration) }

func toFloat(v any) (float64, error) {
	switch n := v.(type) {
	case int64:
		return float64(n), nil
	case float64:
		return n, nil
	case *big.Int:
		return 0, errors.New("is too large")
	}
	return 0, errNumber
}
