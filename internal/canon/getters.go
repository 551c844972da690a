package canon

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// ErrMissing is returned (wrapped, naming the key) by the typed getters for an absent key.
var ErrMissing = errors.New("canon: missing member")

// ErrType is what a *TypeError unwraps to.
var ErrType = errors.New("canon: wrong type")

// TypeError says that a member holds a value that cannot be read as the wanted kind.
type TypeError struct {
	Key  string // member name; empty for a bare value
	Want string // "string", "int", "float", "bool", "object" or "list"
	Got  string // what was found: a kind, or a kind and why its value does not fit
}

func (e *TypeError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("canon: want %s, got %s", e.Want, e.Got)
	}
	return fmt.Sprintf("canon: member %q: want %s, got %s", e.Key, e.Want, e.Got)
}

// Unwrap returns ErrType.
func (e *TypeError) Unwrap() error { return ErrType }

// KindOf names the JSON kind of a value: null, bool, int, float, string, list or object.
func KindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case int64, int, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "string"
	case []any:
		return "list"
	case *Object:
		return "object"
	default:
		return fmt.Sprintf("%T", v)
	}
}

// AsString returns v if it is a string; nothing else is accepted.
func AsString(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", &TypeError{Want: "string", Got: KindOf(v)}
}

// AsInt reads v as a declared integer of the model layer: an integer, a whole float, a boolean
// or a decimal text. A value outside int64 is an error.
func AsInt(v any) (int64, error) {
	switch x := v.(type) {
	case int64:
		return x, nil
	case int:
		return int64(x), nil
	case bool:
		if x {
			return 1, nil
		}
		return 0, nil
	case float64:
		return wholeFloat(x)
	case string:
		s := strings.TrimSpace(x)
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		// "2.0" is accepted as "2" is, "2.5" and "2e0" are not.
		if whole, frac, ok := strings.Cut(s, "."); ok && strings.Trim(frac, "0") == "" {
			if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
				return n, nil
			}
		}
		return 0, &TypeError{Want: "int", Got: "string that is no 64-bit integer"}
	case *big.Int:
		return 0, &TypeError{Want: "int", Got: "int beyond 64 bits"}
	default:
		return 0, &TypeError{Want: "int", Got: KindOf(v)}
	}
}

func wholeFloat(f float64) (int64, error) {
	if f != math.Trunc(f) || math.IsInf(f, 0) { // NaN ≠ NaN
		return 0, &TypeError{Want: "int", Got: "float that is not whole"}
	}
	if f < -(1<<63) || f >= 1<<63 {
		return 0, &TypeError{Want: "int", Got: "float beyond 64 bits"}
	}
	return int64(f), nil
}

// AsFloat reads v as a declared float of the model layer: a float, an integer, a boolean or a
// decimal text. Integers and texts beyond the range of a double are errors; a float64 is
// returned as it is, so use Finite where non-finite values could have entered.
func AsFloat(v any) (float64, error) {
	switch x := v.(type) {
	case float64:
		return x, nil
	case int64:
		return float64(x), nil
	case int:
		return float64(x), nil
	case bool:
		if x {
			return 1, nil
		}
		return 0, nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		if math.IsInf(f, 0) {
			return 0, &TypeError{Want: "float", Got: "int beyond a double"}
		}
		return f, nil
	case string:
		s := strings.TrimSpace(x)
		if strings.ContainsAny(s, "xXpPiInN_") { // hexadecimal, inf, nan
			return 0, &TypeError{Want: "float", Got: "string that is no decimal"}
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0, &TypeError{Want: "float", Got: "string that is no decimal in range"}
		}
		return f, nil
	default:
		return 0, &TypeError{Want: "float", Got: KindOf(v)}
	}
}

// AsBool reads v as a declared boolean: a boolean, or the number 0 or 1.
func AsBool(v any) (bool, error) {
	switch x := v.(type) {
	case bool:
		return x, nil
	case int64:
		if x == 0 || x == 1 {
			return x == 1, nil
		}
	case float64:
		if x == 0 || x == 1 {
			return x == 1, nil
		}
	}
	return false, &TypeError{Want: "bool", Got: KindOf(v)}
}

// AsObject returns v if it is an object; null is an error.
func AsObject(v any) (*Object, error) {
	if o, ok := v.(*Object); ok && o != nil {
		return o, nil
	}
	return nil, &TypeError{Want: "object", Got: KindOf(v)}
}

// AsList returns v if it is a list; null is an error. The list is not copied.
func AsList(v any) ([]any, error) {
	if l, ok := v.([]any); ok {
		return l, nil
	}
	return nil, &TypeError{Want: "list", Got: KindOf(v)}
}

func get[T any](o *Object, key string, as func(any) (T, error)) (T, error) {
	v, ok := o.Get(key)
	if !ok {
		var zero T
		return zero, fmt.Errorf("%w %q", ErrMissing, key)
	}
	return named(key, v, as)
}

func getOr[T any](o *Object, key string, def T, as func(any) (T, error)) (T, error) {
	v, ok := o.Get(key)
	if !ok || v == nil {
		return def, nil
	}
	return named(key, v, as)
}

func named[T any](key string, v any, as func(any) (T, error)) (T, error) {
	x, err := as(v)
	var te *TypeError
	if errors.As(err, &te) {
		te.Key = key
	}
	return x, err
}

// String returns the member as AsString does; see ErrMissing and TypeError, as for all getters.
func (o *Object) String(key string) (string, error) { return get(o, key, AsString) }

// Int returns the member as AsInt does.
func (o *Object) Int(key string) (int64, error) { return get(o, key, AsInt) }

// Float returns the member as AsFloat does.
func (o *Object) Float(key string) (float64, error) { return get(o, key, AsFloat) }

// Bool returns the member as AsBool does.
func (o *Object) Bool(key string) (bool, error) { return get(o, key, AsBool) }

// Object returns the member as AsObject does; it is not copied.
func (o *Object) Object(key string) (*Object, error) { return get(o, key, AsObject) }

// List returns the member as AsList does; it is not copied.
func (o *Object) List(key string) ([]any, error) { return get(o, key, AsList) }

// StringOr is String with a default for an absent or null member.
func (o *Object) StringOr(key, def string) (string, error) { return getOr(o, key, def, AsString) }

// IntOr is Int with a default for an absent or null member.
func (o *Object) IntOr(key string, def int64) (int64, error) { return getOr(o, key, def, AsInt) }

// FloatOr is Float with a default for an absent or null member.
func (o *Object) FloatOr(key string, def float64) (float64, error) {
	return getOr(o, key, def, AsFloat)
}

// BoolOr is Bool with a default for an absent or null member.
func (o *Object) BoolOr(key string, def bool) (bool, error) { return getOr(o, key, def, AsBool) }

// ObjectOr is Object with a default for an absent or null member.
func (o *Object) ObjectOr(key string, def *Object) (*Object, error) {
	return getOr(o, key, def, AsObject)
}

// ListOr is List with a default for an absent or null member.
func (o *Object) ListOr(key string, def []any) ([]any, error) { return getOr(o, key, def, AsList) }
