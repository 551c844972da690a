package state

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestVectors are roots that a second implementation must reach.
func TestVectors(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		tree := New()
		for i := 0; i < len(pairs); i += 2 {
			if err := tree.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				t.Fatal(err)
			}
		}
		if got := tree.Root().String(); got != want {
			t.Errorf("root of %q is %s, want %s", pairs, got, want)
		}
	}
	f("b9e68951adf259eb5be0e9c9238a972293628b696883628dd6e4f2872606fc13")
	f("9407c9ee226d0f7999f5ad5eabe99e1964fa709560ebfbfa8bcb8224ba665ea2", "a", "1")
	f("82f3241050e9e844ded3352c6fa674cf2190bb14ec3f4455a80949cc0d121f46", "a", "1", "ab", "2")
	f("a60a6ba268ea3dc36635b1efc677625a011002fb257bdbc557ba06d23ca705ac", "ab", "2", "a", "1", "b", "", "\x00", "zero")
}

func TestOrderOfKeys(t *testing.T) {
	tree := New()
	for _, k := range []string{"b", "a", "ab", "a\x00", "\xff", "aa", "\x00", "abc"} {
		if err := tree.Put([]byte(k), []byte(k)); err != nil {
			t.Fatal(err)
		}
	}
	f := func(prefix, want string) {
		t.Helper()
		var got []string
		err := tree.Range([]byte(prefix), func(key, _ []byte) bool {
			got = append(got, string(key))
			return true
		})
		if fmt.Sprintf("%q", got) != want || err != nil {
			t.Errorf("Range(%q) = %q, %v, want %s", prefix, got, err, want)
		}
	}
	f("", `["\x00" "a" "a\x00" "aa" "ab" "abc" "b" "\xff"]`)
	f("a", `["a" "a\x00" "aa" "ab" "abc"]`)
	f("ab", `["ab" "abc"]`)
	f("abc", `["abc"]`)
	f("abcd", `[]`)
	f("c", `[]`)
	f("\xff\xff", `[]`)
}

// TestRangeWhileChanging: what the function changes is not seen, and is there afterwards.
func TestRangeWhileChanging(t *testing.T) {
	tree := New()
	for i := range 100 {
		if err := tree.Put([]byte{byte(i)}, []byte{0}); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	err := tree.Range(nil, func(key, value []byte) bool {
		seen++
		if value[0] != 0 {
			t.Fatalf("key %x is seen changed", key)
		}
		for i := range 100 {
			if err := tree.Put([]byte{byte(i)}, []byte{1}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tree.Delete([]byte{byte(seen)}); err != nil {
			t.Fatal(err)
		}
		return true
	})
	if err != nil || seen != 100 || tree.Len() != 100 { // the 100th deletion is of a key that is not there, the others are put back
		t.Errorf("Range sees %d keys, %v; the tree has %d", seen, err, tree.Len())
	}
}

func TestSizes(t *testing.T) {
	tree := New()
	f := func(key, value int, want error) {
		t.Helper()
		root := tree.Root()
		err := tree.Put(make([]byte, key), make([]byte, value))
		if !errors.Is(err, want) || err != nil && tree.Root() != root {
			t.Errorf("Put of %d and %d bytes = %v, want %v", key, value, err, want)
		}
	}
	f(0, 1, ErrSize)
	f(MaxKey+1, 1, ErrSize)
	f(1, MaxValue+1, ErrSize)
	f(MaxKey, MaxValue, nil)
	f(1, 0, nil)
	tree.bytes = MaxBytes - 1
	f(2, 1, ErrSize)
	tree.keys = MaxKeys
	tree.bytes = 1
	f(3, 1, ErrSize)
}

// TestLongestPath: keys that share all they can make a path as deep as it can be, and it is stored, proved and read.
func TestLongestPath(t *testing.T) {
	m, tree := newMemory(), New()
	long := bytes.Repeat([]byte{0xaa}, MaxKey)
	for bit := range 9 * MaxKey {
		k := bytes.Clone(long)
		if at, j := bit/9, bit%9; j == 0 {
			k = k[:at]
		} else {
			k[at] ^= 1 << (8 - j)
		}
		if len(k) == 0 {
			continue
		}
		if err := tree.Put(k, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Put(long, []byte("deep")); err != nil {
		t.Fatal(err)
	}
	b := m.store(t, tree, New())
	loaded, err := Load(m, b.Summary, b.Top)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := loaded.Prove(long)
	if err != nil {
		t.Fatal(err)
	}
	value, ok, err := VerifyProof(tree.Root(), long, proof)
	if string(value) != "deep" || !ok || err != nil || len(proof) > MaxProof {
		t.Errorf("VerifyProof = %q, %v, %v; the proof has %d bytes", value, ok, err, len(proof))
	}
}

// sample is a tree of n keys, some of their values long.
func sample(tb testing.TB, n int) *Tree {
	tb.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 1))
	tree := New()
	for i := range n {
		key := []byte(fmt.Sprintf("%c%08x", 'a'+i%3, r.Uint32()))
		if err := tree.Put(key, []byte(strings.Repeat("x", r.IntN(40)*(i%17/16*30+1)))); err != nil {
			tb.Fatal(err)
		}
	}
	return tree
}

func TestProofs(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 50, 2000} {
		tree := sample(t, n)
		root := tree.Root()
		var keys [][]byte
		err := tree.Range(nil, func(key, value []byte) bool {
			keys = append(keys, key)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, key := range append(keys[:min(len(keys), 60)], []byte("a"), []byte("b00"), []byte("c\xff"), []byte("\x00")) {
			want, has, err := tree.Get(key)
			if err != nil {
				t.Fatal(err)
			}
			proof, err := tree.Prove(key)
			if err != nil {
				t.Fatal(err)
			}
			value, ok, err := VerifyProof(root, key, proof)
			if err != nil || ok != has || !bytes.Equal(value, want) {
				t.Fatalf("n %d: VerifyProof(%q) = %q, %v, %v, want %q, %v", n, key, value, ok, err, want, has)
			}
			for _, other := range [][]byte{[]byte("b12"), append(bytes.Clone(key), 0), key[:len(key)-1]} {
				if _, ok, err := VerifyProof(root, other, proof); err == nil {
					if _, has, _ := tree.Get(other); ok != has {
						t.Fatalf("n %d: the proof of %q says %v about %q", n, key, ok, other)
					}
				}
			}
			step := max(1, len(proof)/40)
			for at := i % step; at < len(proof); at += step {
				proof[at] ^= 1 << (at % 8)
				if v, ok, err := VerifyProof(root, key, proof); !errors.Is(err, ErrProof) {
					t.Fatalf("n %d: VerifyProof(%q) with byte %d changed = %q, %v, %v", n, key, at, v, ok, err)
				}
				proof[at] ^= 1 << (at % 8)
				if _, _, err := VerifyProof(root, key, proof[:at]); !errors.Is(err, ErrProof) {
					t.Fatalf("n %d: VerifyProof(%q) of %d bytes: %v", n, key, at, err)
				}
			}
			if _, _, err := VerifyProof(root, key, append(proof, 0)); !errors.Is(err, ErrProof) {
				t.Fatalf("n %d: a byte too many: %v", n, err)
			}
		}
	}
}

// FuzzVerifyProof: bytes of strangers do not panic, and no proof says what is not so.
func FuzzVerifyProof(f *testing.F) {
	tree := sample(f, 40)
	root := tree.Root()
	for _, key := range []string{"a", "b1", "zz"} {
		proof, err := tree.Prove([]byte(key))
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(key), proof)
	}
	err := tree.Range(nil, func(key, _ []byte) bool {
		proof, err := tree.Prove(key)
		f.Add(key, proof)
		return err == nil
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key, proof []byte) {
		value, ok, err := VerifyProof(root, key, proof)
		if err != nil {
			return
		}
		want, has, _ := tree.Get(key)
		right, _ := tree.Prove(key)
		if ok != has || !bytes.Equal(value, want) || !bytes.Equal(proof, right) {
			t.Errorf("VerifyProof(%q) = %q, %v, want %q, %v; or there is a second proof", key, value, ok, want, has)
		}
	})
}

// FuzzDecodePage: bytes of a disk do not panic, and what is read can be written.
func FuzzDecodePage(f *testing.F) {
	b, err := sample(f, 60).Batch(New())
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range b.Pages {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := decodePage(bytes.Clone(data), 9); err == nil {
			n.hash()
		}
	})
}
