package state

// Draft is a tree as rules change it. What goes wrong with the disk or with a size is kept and told once, by Err: from then on nothing
// is there, and nothing changes.
type Draft struct {
	tree *Tree
	err  error
}

// NewDraft returns a draft that changes t.
func NewDraft(t *Tree) *Draft { return &Draft{tree: t} }

// Err returns the first error. A draft with one is to be thrown away with its tree.
func (d *Draft) Err() error { return d.err }

// Get returns the value of a key, nil and false if there is none. The slice is not to be changed.
func (d *Draft) Get(key []byte) (value []byte, ok bool) {
	if d.err == nil {
		value, ok, d.err = d.tree.Get(key)
	}
	return value, ok
}

// Put gives a key a value, which is copied.
func (d *Draft) Put(key, value []byte) {
	if d.err == nil {
		d.err = d.tree.Put(key, value)
	}
}

// Delete removes a key if it is there.
func (d *Draft) Delete(key []byte) {
	if d.err == nil {
		_, d.err = d.tree.Delete(key)
	}
}

// Range calls f for the keys with a prefix, ascending, until it returns false. The slices are not to be changed, and what f changes is
// not seen.
func (d *Draft) Range(prefix []byte, f func(key, value []byte) bool) {
	if d.err == nil {
		if err := d.tree.Range(prefix, f); d.err == nil {
			d.err = err
		}
	}
}
