package block

import (
	"reflect"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// table is a set of samples in the device's memory, shared by the trainings that name the same source.
type table struct {
	x, y  kernels.Memory
	rows  int
	bytes int64
	users int
	key   tableKey
}

// tableKey names a source. As long as an entry is kept, so is the source, and no other can have its address.
type tableKey struct {
	source          any
	inputs, outputs int
}

// keyOf returns the key of a source; ok is false for one that cannot be compared.
func keyOf(s nn.Source, inputs, outputs int) (tableKey, bool) {
	return tableKey{s, inputs, outputs}, reflect.ValueOf(s).Comparable()
}

// rowsOf reads a source: x [n][inputs padded to a multiple of 4], y [n][outputs].
func rowsOf(s nn.Source, inputs, outputs int) (x, y []float32) {
	n, width := s.Len(), padded(inputs)
	x, y = make([]float32, n*width), make([]float32, n*outputs)
	for i := range n {
		s.Sample(i, x[i*width:][:inputs:inputs], y[i*outputs:][:outputs:outputs])
	}
	return x, y
}

// tables keeps the samples that the trainings of an engine share. Those that nobody uses stay, until
// the memory is wanted.
type tables struct {
	memory *pool
	all    map[tableKey]*table
	idle   []*table // the longest idle first
	// gone is told of those that are not kept any more; it may be nil.
	gone func(tableKey)
}

// find returns a table that is there and counts the user; nil where there is none.
func (t *tables) find(key tableKey) *table {
	e := t.all[key]
	if e == nil {
		return nil
	}
	if e.users == 0 {
		for i, o := range t.idle {
			if o == e {
				t.idle = append(t.idle[:i], t.idle[i+1:]...)
				break
			}
		}
	}
	e.users++
	return e
}

// add uploads rows read from a source, for one user. shared says that others may find them by the key.
func (t *tables) add(q kernels.Queue, key tableKey, shared bool, x, y []float32, rows int) (*table, error) {
	e := &table{rows: rows, users: 1, key: key, bytes: int64(4 * (len(x) + len(y)))}
	var err error
	if e.x, err = t.memory.upload(q, bytesOf(x)); err != nil {
		return nil, err
	}
	if e.y, err = t.memory.upload(q, bytesOf(y)); err != nil {
		t.memory.free(e.x)
		return nil, err
	}
	if shared {
		t.all[key] = e
	}
	return e, nil
}

// release counts a user off.
func (t *tables) release(e *table) {
	if e == nil {
		return
	}
	e.users--
	if e.users > 0 {
		return
	}
	if t.all[e.key] != e {
		t.drop(e)
		return
	}
	t.idle = append(t.idle, e)
	if len(t.idle) > maxIdle {
		t.forget()
	}
}

// maxIdle is how many tables without users are kept.
const maxIdle = 64

// forget frees the table that has been idle for the longest; it reports whether there was one.
func (t *tables) forget() bool {
	if len(t.idle) == 0 {
		return false
	}
	e := t.idle[0]
	t.idle = t.idle[1:]
	delete(t.all, e.key)
	if t.gone != nil {
		t.gone(e.key)
	}
	t.drop(e)
	return true
}

func (t *tables) drop(e *table) {
	t.memory.free(e.x)
	t.memory.free(e.y)
}
