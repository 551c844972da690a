package quadratic

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/pyrand"
	"doin.network/node/internal/canon"
)

// maxDepth bounds the nesting of what HashSynthetic reads.
const maxDepth = 32

// Synthesize makes the reference's synthetic data: base, or n draws of uniform(−5, 5) where base is nil, plus
// normal(0, noiseStd) for each element, all from PCG64 seeded by seed (the uniforms first). base is not kept.
func Synthesize(base []float64, n int, noiseStd float64, seed uint32) *domain.Synthetic {
	g := pyrand.NewGenerator(big.NewInt(int64(seed)))
	t := slices.Clone(base)
	if base == nil {
		t = make([]float64, n)
		for i := range t {
			t[i] = g.Uniform(-5, 5)
		}
	}
	for i := range t {
		t[i] += g.Normal(0, noiseStd)
	}
	s := &domain.Synthetic{Target: t, NoiseStd: noiseStd}
	sum, err := HashSynthetic(s.Object())
	if err != nil { // our own object, which has one flat list of doubles
		panic(err)
	}
	s.Hash = sum
	return s
}

// HashSynthetic returns the reference's SHA-256, in hex, of synthetic data: for objects, sorted, each key's text and
// then its value; for a list the elements of the array that numpy makes of it and then the text of its shape; for
// anything else its text in Python. Ragged lists, lists of texts or nulls and integers beyond 64 bits are errors.
func HashSynthetic(o *canon.Object) (string, error) {
	h := sha256.New()
	if err := writeObject(h, o, 0); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func writeObject(h hash.Hash, o *canon.Object, depth int) error {
	if depth > maxDepth {
		return errors.New("synthetic data: nested too deeply")
	}
	keys := o.Keys()
	slices.Sort(keys)
	for _, key := range keys {
		io.WriteString(h, key)
		v, _ := o.Get(key)
		if err := writeValue(h, v, depth); err != nil {
			return fmt.Errorf("%.80q: %w", key, err)
		}
	}
	return nil
}

func writeValue(h hash.Hash, v any, depth int) error {
	switch v := v.(type) {
	case nil:
		io.WriteString(h, "None")
	case bool:
		io.WriteString(h, map[bool]string{false: "False", true: "True"}[v])
	case string:
		io.WriteString(h, v)
	case int64, *big.Int:
		fmt.Fprint(h, v)
	case float64:
		h.Write(canon.AppendFloat(nil, v))
	case []any:
		return writeArray(h, v)
	case *canon.Object:
		return writeObject(h, v, depth+1)
	default:
		return fmt.Errorf("synthetic data: unsupported %T", v)
	}
	return nil
}

// array is a list flattened as numpy does.
type array struct {
	shape  []int
	values []any
	ints   bool // an integer occurs
	floats bool // a float occurs
}

func writeArray(h hash.Hash, list []any) error {
	var a array
	if err := a.flatten(list, 0); err != nil {
		return err
	}
	for _, v := range a.values {
		if err := a.writeElement(h, v); err != nil {
			return err
		}
	}
	io.WriteString(h, a.shapeText())
	return nil
}

// flatten appends the elements of list, which lies at the given depth, and learns or checks the shape.
func (a *array) flatten(list []any, depth int) error {
	if depth == len(a.shape) && len(a.values) == 0 {
		a.shape = append(a.shape, len(list))
	}
	if depth >= maxDepth || depth >= len(a.shape) || a.shape[depth] != len(list) {
		return errors.New("synthetic data: ragged list")
	}
	for _, v := range list {
		switch v := v.(type) {
		case []any:
			if err := a.flatten(v, depth+1); err != nil {
				return err
			}
			continue
		case int64:
			a.ints = true
		case float64:
			a.floats = true
		case bool:
		default:
			return fmt.Errorf("synthetic data: %s in a list", canon.KindOf(v))
		}
		if depth != len(a.shape)-1 {
			return errors.New("synthetic data: ragged list")
		}
		a.values = append(a.values, v)
	}
	return nil
}

// writeElement writes one element in the array's type: double, 64-bit integer or one byte.
func (a *array) writeElement(h hash.Hash, v any) error {
	if a.floats {
		f, err := canon.AsFloat(v)
		if err != nil {
			return err
		}
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)))
		return nil
	}
	n, err := canon.AsInt(v)
	if err != nil {
		return err
	}
	if a.ints {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	} else {
		h.Write([]byte{byte(n)})
	}
	return nil
}

// shapeText is the shape as Python prints a tuple: (10,) or (2, 2).
func (a *array) shapeText() string {
	if len(a.shape) == 1 {
		return fmt.Sprintf("(%d,)", a.shape[0])
	}
	parts := make([]string, len(a.shape))
	for i, n := range a.shape {
		parts[i] = fmt.Sprint(n)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
