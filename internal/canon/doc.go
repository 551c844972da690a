// Package canon is the one JSON codec of the chain: an ordered value model that keeps
// integers and floats apart, a bounded parser, and the encoders whose bytes are hashed.
//
// The byte forms are those of the Python reference's default JSON encoder, because every
// id, hash and commitment of the network is SHA-256 over them:
//
//   - output is pure ASCII; everything outside 0x20–0x7E is \uXXXX (lower-case hex, surrogate
//     pairs above U+FFFF) except the short escapes \b \f \n \r \t;
//   - integers are plain decimals of any size, floats are Python's repr (see AppendFloat), and
//     1 and 1.0 stay different values;
//   - canonical form sorts keys by code point and separates with ", " and ": ".
//
// A value is an any holding exactly one of
//
//	nil, bool, int64, *big.Int (only when outside int64), float64, string, []any, *Object
//
// Strings are WTF-8: valid UTF-8 except that a lone surrogate, which JSON can spell as an
// escape, is kept as its three-byte form and so survives a parse/encode cycle.
//
// Deliberately absent: struct tags, reflection and maps. Types encode themselves by building
// an Object, so the field order of a byte form is visible where the type is defined.
package canon
