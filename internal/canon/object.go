package canon

import (
	"fmt"
	"math"
	"math/big"
)

// indexFrom is the number of members from which an Object keeps a map beside its list.
const indexFrom = 32

// firstMembers is for how many members the first one makes room.
const firstMembers = 4

type member struct {
	key string
	val any
}

// Object is a JSON object that remembers the order in which its keys were first set. The zero
// value is an empty object; a nil *Object reads as empty. Reads may run concurrently with
// each other, not with Set or Delete.
type Object struct {
	members []member
	index   map[string]int // nil below indexFrom members
}

// NewObject returns an object of alternating keys and values. It panics if a key is not a
// string, a value is missing or its type is not supported: those are bugs of the caller.
func NewObject(kv ...any) *Object {
	if len(kv)%2 != 0 {
		panic("canon: NewObject needs pairs of key and value")
	}
	o := &Object{members: make([]member, 0, len(kv)/2)}
	for i := 0; i < len(kv); i += 2 {
		key, ok := kv[i].(string)
		if !ok {
			panic(fmt.Sprintf("canon: NewObject key %d is a %T", i/2, kv[i]))
		}
		o.Set(key, kv[i+1])
	}
	return o
}

// Set stores v under key and returns o. A known key keeps its position. Integers of any Go
// type are stored as int64 (or *big.Int beyond it), []string, []float64, []int64, []int and []*Object
// as []any; another unsupported type panics. Lists and objects are kept by reference.
func (o *Object) Set(key string, v any) *Object {
	o.set(key, normal(v))
	return o
}

// set stores a value that is known to be in normal form.
func (o *Object) set(key string, v any) {
	if i := o.find(key); i >= 0 {
		o.members[i].val = v
		return
	}
	if o.members == nil {
		o.members = make([]member, 0, firstMembers)
	}
	o.members = append(o.members, member{key, v})
	switch {
	case o.index != nil:
		o.index[key] = len(o.members) - 1
	case len(o.members) >= indexFrom:
		o.reindex()
	}
}

func (o *Object) reindex() {
	o.index = nil
	if len(o.members) < indexFrom {
		return
	}
	o.index = make(map[string]int, 2*len(o.members))
	for i := range o.members {
		o.index[o.members[i].key] = i
	}
}

// find returns the position of key, or -1.
func (o *Object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].key == key {
			return i
		}
	}
	return -1
}

// Get returns the value of key and whether the key is present; null is present with value nil.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.members[i].val, true
	}
	return nil, false
}

// Has reports whether key is present.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// Delete removes key; an absent key is no error.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.members = append(o.members[:i], o.members[i+1:]...)
	o.reindex()
}

// Keys returns a fresh list of the keys in the order in which they were first set.
func (o *Object) Keys() []string {
	if o == nil {
		return nil
	}
	keys := make([]string, len(o.members))
	for i := range o.members {
		keys[i] = o.members[i].key
	}
	return keys
}

// All calls yield for each member in order until it returns false; it is a range-over-func
// iterator. The object must not be changed meanwhile.
func (o *Object) All() func(yield func(string, any) bool) {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		for i := range o.members {
			if !yield(o.members[i].key, o.members[i].val) {
				return
			}
		}
	}
}

// Len returns the number of members.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// Clone returns a deep copy; the clone of nil is an empty object.
func (o *Object) Clone() *Object {
	c := &Object{}
	if o == nil {
		return c
	}
	c.members = make([]member, len(o.members))
	for i, m := range o.members {
		c.members[i] = member{m.key, CloneValue(m.val)}
	}
	c.reindex()
	return c
}

// CloneValue returns a deep copy of a value.
func CloneValue(v any) any {
	switch v := v.(type) {
	case *Object:
		if v == nil {
			return v
		}
		return v.Clone()
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = CloneValue(v[i])
		}
		return c
	case *big.Int:
		return new(big.Int).Set(v)
	default:
		return v
	}
}

// normal brings the Go types that Set accepts into the value model.
func normal(v any) any {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, []any:
		return v
	case *Object:
		if v == nil {
			return &Object{}
		}
		return v
	case int:
		return int64(v)
	case int32:
		return int64(v)
	case uint32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint64:
		if v > math.MaxInt64 {
			return new(big.Int).SetUint64(v)
		}
		return int64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return v
	case []string:
		return list(v)
	case []float64:
		return list(v)
	case []int64:
		return list(v)
	case []int:
		return list(v)
	case []*Object:
		return list(v)
	default:
		panic(fmt.Sprintf("canon: unsupported type %T", v))
	}
}

func list[T any](s []T) []any {
	l := make([]any, len(s))
	for i := range s {
		l[i] = normal(s[i])
	}
	return l
}
