package optimae

import "slices"

// State is what the rules keep their records in: a hashed tree of the chain's, or a map in tests. Keys are below prefix. Values
// that Get and Range give are not changed by the rules, and those that Put takes are not kept by them.
type State interface {
	Get(key []byte) (value []byte, ok bool)
	Put(key, value []byte)
	Delete(key []byte)
	// Range calls f for each key with the prefix, ascending, until f returns false. The rules change nothing meanwhile.
	Range(prefix []byte, f func(key, value []byte) bool)
}

// prefix begins every key of this package; see doc.go for what follows it.
const prefix = "o/"

func key(table byte, parts ...[]byte) []byte {
	return slices.Concat([]byte{prefix[0], prefix[1], table, '/'}, slices.Concat(parts...))
}

// record is what a table holds.
type record interface{ code(*codec) }

// load reads a record into r, and reports whether there is one. Records are the rules' own: one that does not decode is a bug.
func load(s State, k []byte, r record) bool {
	b, ok := s.Get(k)
	if !ok {
		return false
	}
	if err := decode(b, r); err != nil {
		panic("optimae: record " + string(k) + ": " + err.Error())
	}
	return true
}

func save(s State, k []byte, r record) { s.Put(k, encode(r)) }

// under returns the keys and values with a prefix, copied, so that the caller may change the state.
func under(s State, p []byte) (keys, values [][]byte) {
	s.Range(p, func(k, v []byte) bool {
		keys, values = append(keys, slices.Clone(k)), append(values, slices.Clone(v))
		return true
	})
	return keys, values
}
