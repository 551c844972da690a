package chain

import (
	"math"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Lengths of names that come from outside, in bytes.
const (
	maxPeerIDBytes = 128 // peer ids have 40; the reference also uses host:port placeholders
	maxNameBytes   = 256 // domain ids, optimae ids
	hashLen        = 64
)

// reader reads the members of one object and keeps the first error.
type reader struct {
	object string
	o      *canon.Object
	err    error
}

func read[T any](r *reader, get func(string) (T, error), key string) T {
	v, err := get(key)
	if err != nil && r.err == nil {
		r.err = malformed(r.object, err)
	}
	return v
}

func (r *reader) str(key string) string        { return read(r, r.o.String, key) }
func (r *reader) integer(key string) int64     { return read(r, r.o.Int, key) }
func (r *reader) float(key string) float64     { return read(r, r.o.Float, key) }
func (r *reader) obj(key string) *canon.Object { return read(r, r.o.Object, key) }
func (r *reader) list(key string) []any        { return read(r, r.o.List, key) }
func (r *reader) optional(key string) string {
	return read(r, func(key string) (string, error) { return r.o.StringOr(key, "") }, key)
}

// objOrEmpty reads an object that may be absent; null is an error.
func (r *reader) objOrEmpty(key string) *canon.Object {
	if !r.o.Has(key) {
		return canon.NewObject()
	}
	return r.obj(key)
}

func (r *reader) time(key string) timestamp.Time {
	v, ok := r.o.Get(key)
	if !ok {
		if r.err == nil {
			r.err = wrong(r.object, key, "missing")
		}
		return timestamp.Time{}
	}
	t, err := timestamp.Parse(v)
	if err != nil && r.err == nil {
		r.err = &FieldError{Object: r.object, Field: key, Err: err}
	}
	return t
}

// checks collects what ValidateBasic demands and keeps the first failure.
type checks struct {
	object string
	err    error
}

func (c *checks) demand(ok bool, field, reason string) {
	if !ok && c.err == nil {
		c.err = wrong(c.object, field, reason)
	}
}

func (c *checks) text(s, field string, minBytes, maxBytes int) {
	c.demand(len(s) >= minBytes, field, "empty")
	c.demand(len(s) <= maxBytes, field, "too long")
}

func (c *checks) hash(s, field string) {
	c.demand(IsHash(s), field, "want 64 lower-case hex digits")
}

func (c *checks) finite(f float64, field string) {
	c.demand(!math.IsNaN(f) && !math.IsInf(f, 0), field, "not finite")
}

func (c *checks) time(t timestamp.Time, field string) { c.demand(!t.IsZero(), field, "missing") }

func (c *checks) payload(o *canon.Object, field string) {
	c.demand(o != nil, field, "missing")
	c.demand(canon.Finite(o), field, "contains a number that is not finite")
}

// seal checks the form of key and signature: both absent, or both present and bounded.
func (c *checks) seal(publicKey, signature string) {
	c.demand((publicKey == "") == (signature == ""), "signature", "public_key and signature must come together")
	c.demand(publicKey == "" || len(publicKey) == identity.PublicKeyLen, "public_key", "wrong length")
	c.demand(len(signature) <= identity.MaxSignatureLen, "signature", "too long")
}

// IsHash reports whether s has the form of a hash or id: 64 lower-case hex digits.
func IsHash(s string) bool {
	if len(s) != hashLen {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// setSeal appends the members public_key and signature where they are not empty.
func setSeal(o *canon.Object, publicKey, signature string) {
	if publicKey != "" {
		o.Set("public_key", publicKey)
	}
	if signature != "" {
		o.Set("signature", signature)
	}
}
