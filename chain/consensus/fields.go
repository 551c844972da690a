package consensus

import (
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// fields reads a payload and keeps the first error.
type fields struct {
	o   *canon.Object
	err error
}

func get[T any](f *fields, v T, err error) T {
	if f.err == nil {
		f.err = err
	}
	return v
}

func (f *fields) text(k string) string          { v, err := f.o.String(k); return get(f, v, err) }
func (f *fields) number(k string) float64       { v, err := f.o.Float(k); return get(f, v, err) }
func (f *fields) integer(k string) int64        { v, err := f.o.Int(k); return get(f, v, err) }
func (f *fields) object(k string) *canon.Object { v, err := f.o.Object(k); return get(f, v, err) }

func (f *fields) sums() chain.Sums { v, err := chain.SumsFromObject(f.o); return get(f, v, err) }

// micro reads a decimal as an integer of 10⁻⁶, of at most 2⁵² so that it is the one that was written.
func (f *fields) micro(k string) int64 {
	m, err := chain.Micro(f.number(k))
	if err == nil && (m > 1<<52 || m < -1<<52) {
		err = fmt.Errorf("%s: beyond 2⁵² millionths", k)
	}
	return get(f, m, err)
}

// objects reads a list of objects; each keeps an error of its own.
func (f *fields) objects(k string) []*fields {
	list, err := f.o.List(k)
	get(f, list, err)
	out := make([]*fields, 0, len(list))
	for _, e := range list {
		o, err := canon.AsObject(e)
		if get(f, o, err); err == nil {
			out = append(out, &fields{o: o})
		}
	}
	return out
}

func (f *fields) votes() []*chain.Vote {
	list, err := f.o.List("votes")
	get(f, list, err)
	if len(list) > chain.MaxQuorum {
		get(f, 0, fmt.Errorf("%d votes, at most %d", len(list), chain.MaxQuorum))
	}
	var out []*chain.Vote
	for _, e := range list {
		if f.err != nil {
			return nil
		}
		o, ok := e.(*canon.Object)
		if !ok {
			f.err = errors.New("a vote is not an object")
			return nil
		}
		v, err := chain.VoteFromObject(o)
		get(f, v, err)
		out = append(out, v)
	}
	return out
}

// depth returns the number of nested lists and objects in v.
func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case *canon.Object:
		for _, e := range v.All() {
			deepest = max(deepest, depth(e))
		}
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
	default:
		return 0
	}
	return deepest + 1
}

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
