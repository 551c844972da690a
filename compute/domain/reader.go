package domain

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// Reader reads a domain's configuration and collects every problem; see Err. It is strict: what nobody asked for is an
// unknown key.
type Reader struct {
	config *canon.Object
	asked  []string
	errs   []error
}

// NewReader returns a reader of a configuration object; nil is an empty one.
func NewReader(config *canon.Object) *Reader { return &Reader{config: config} }

// Get returns a member as it stands; ok is false for one that is absent or null.
func (r *Reader) Get(key string) (v any, ok bool) {
	r.asked = append(r.asked, key)
	v, ok = r.config.Get(key)
	return v, ok && v != nil
}

// Has reports whether there is such a member, and asks for none.
func (r *Reader) Has(key string) bool { return r.config.Has(key) }

// Asked returns the keys that have been asked for, sorted: what the table of a manual lists.
func (r *Reader) Asked() []string {
	keys := slices.Clone(r.asked)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Fail adds a problem of a member, unless err is nil.
func (r *Reader) Fail(key string, err error) {
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%w: %s: %w", ErrConfig, key, err))
	}
}

// add adds an error that wraps ErrConfig and names its key, unless it is nil.
func (r *Reader) add(err error) {
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

// Text reads a text into to, which keeps its value where the member is absent, null or bad; so do the other methods.
func (r *Reader) Text(key string, to *string) {
	if v, ok := r.Get(key); ok {
		s, err := canon.AsString(v)
		if err == nil {
			*to = s
		}
		r.Fail(key, err)
	}
}

// Integer reads an integer in [low, high].
func (r *Reader) Integer(key string, to *int, low, high int) {
	r.asked = append(r.asked, key)
	n, err := Integer(r.config, key, *to, low, high)
	if err == nil {
		*to = n
	}
	r.add(err)
}

// Number reads a finite number: an integer or a float, not a text or a boolean.
func (r *Reader) Number(key string, to *float64) {
	if v, ok := r.Get(key); ok {
		f, err := Real(v)
		if err == nil {
			*to = f
		}
		r.Fail(key, err)
	}
}

// Names reads a list of at most limit texts.
func (r *Reader) Names(key string, to *[]string, limit int) {
	v, ok := r.Get(key)
	if !ok {
		return
	}
	list, err := canon.AsList(v)
	bad := err != nil || len(list) > limit
	names := make([]string, 0, min(len(list), limit))
	for i := 0; i < len(list) && !bad; i++ {
		name, text := list[i].(string)
		names, bad = append(names, name), !text
	}
	if bad {
		r.Fail(key, fmt.Errorf("want a list of at most %d names", limit))
		return
	}
	*to = names
}

// Bounded returns the member that gives bounds of a gene; "" for none.
func (r *Reader) Bounded(gene string) string {
	for _, key := range boundsKeys {
		if o, err := r.config.ObjectOr(key, nil); err == nil && o.Has(gene) {
			return key
		}
	}
	return ""
}

// Bounds reads the bounds of genes into a space, which is replaced, not changed: the members param_bounds and
// hyperparameter_bounds, [low, high] for a number, a list of choices for a category.
func (r *Reader) Bounds(s *genome.Space) {
	for _, key := range boundsKeys {
		r.asked = append(r.asked, key)
		space, err := bounds(r.config, key, *s)
		if err == nil {
			*s = space
		}
		r.add(err)
	}
}

// Finish returns what Err does, and where that is nothing what validate finds in the values, which it does not change.
func (r *Reader) Finish(others []string, validate func() error) error {
	if err := r.Err(others...); err != nil {
		return err
	}
	return validate()
}

// Err returns every problem at once, joined: those that were met, and for each key that nobody asked for, and that is
// neither a comment (it begins with "$") nor one of the node, the search or others, one that names the nearest key.
// others are members of the same object that belong to somebody else. The errors wrap ErrConfig.
func (r *Reader) Err(others ...string) error {
	known := slices.Concat(r.asked, others, othersKeys)
	var errs []error
	for _, key := range r.config.Keys() {
		if !comment(key) && !slices.Contains(known, key) {
			errs = append(errs, unknown("key", key, known))
		}
	}
	return errors.Join(append(errs, r.errs...)...)
}

// Checks collects the problems of a configuration that Validate finds.
type Checks []error

// That adds a problem unless ok.
func (c *Checks) That(ok bool, format string, args ...any) {
	if !ok {
		*c = append(*c, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
}

// Between adds a problem unless v is in [low, high].
func (c *Checks) Between(key string, v, low, high int) {
	c.That(v >= low && v <= high, "%s %d: must be in [%d, %d]", key, v, low, high)
}

// Err returns the problems, joined; nil where there is none. Each wraps ErrConfig.
func (c Checks) Err() error { return errors.Join(c...) }
