package domain

import "testing"

func TestCacheDropsTheOldest(t *testing.T) {
	c := NewCache[*int](2)
	key := func(i uint64) CacheKey { return CacheKey{"r", i, false} }
	get := func(k CacheKey) *int {
		m, ok := c.Get(k)
		if ok != (m != nil) {
			t.Fatalf("Get(%v) = %v, %v", k, m, ok)
		}
		return m
	}
	a, b := new(int), new(int)
	c.Put(key(1), a)
	c.Put(key(2), b)
	c.Put(key(2), b)
	if get(key(1)) != a { // now 2 is the oldest
		t.Fatal("1 is lost")
	}
	c.Put(key(3), new(int))
	if get(key(1)) != a || get(key(2)) != nil || get(key(3)) == nil || len(c.byKey) != 2 {
		t.Error("the wrong model was dropped")
	}
	if get(CacheKey{"r", 1, true}) != nil {
		t.Error("a model without a digest serves a request for one")
	}
}
