package chain

import (
	"errors"
	"fmt"
)

var (
	// ErrInvalid is matched by every error that says an object is malformed or breaks a rule
	// that needs no state. XFromObject, ValidateBasic and VerifyX return it.
	ErrInvalid = errors.New("chain: invalid")
	// ErrDuplicateTx is returned by Block.ValidateBasic if two transactions have one id.
	ErrDuplicateTx = fmt.Errorf("%w: duplicate transaction id", ErrInvalid)
	// ErrUnsigned is returned by VerifyX for an object without key or signature.
	ErrUnsigned = fmt.Errorf("%w: not signed", ErrInvalid)
)

// FieldError says which member of which object is wrong. It unwraps to ErrInvalid and to Err.
type FieldError struct {
	Object string // "transaction", "header", "block", "message", "vote", "genesis"
	Field  string // JSON member
	Reason string // may be empty if Err is set
	Err    error  // cause, or nil
}

func (e *FieldError) Error() string {
	switch {
	case e.Err == nil:
		return fmt.Sprintf("chain: %s: %s: %s", e.Object, e.Field, e.Reason)
	case e.Field == "":
		return fmt.Sprintf("chain: %s: %v", e.Object, e.Err)
	default:
		return fmt.Sprintf("chain: %s: %s: %v", e.Object, e.Field, e.Err)
	}
}

// Unwrap returns ErrInvalid and the cause.
func (e *FieldError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrInvalid}
	}
	return []error{ErrInvalid, e.Err}
}

// HashError says that an id or hash is not that of the object carrying it. It unwraps to
// ErrInvalid.
type HashError struct {
	What string // "transaction id", "block hash" or "merkle root"
	Got  string // as claimed
	Want string // as recomputed
}

func (e *HashError) Error() string {
	return fmt.Sprintf("chain: %s is %.80q, recomputed %q", e.What, e.Got, e.Want)
}

// Unwrap returns ErrInvalid.
func (e *HashError) Unwrap() error { return ErrInvalid }

// FormatError says that a genesis file is of a protocol and format other than this program's; CheckFormat returns it.
type FormatError struct{ Protocol, Format int }

func (e *FormatError) Error() string {
	return fmt.Sprintf("chain: the genesis file is of protocol %d, format %d, and this program speaks protocol %d, format %d, and protocol %d, format %d",
		e.Protocol, e.Format, Protocol, Format, Certified, CertifiedFormat)
}

func wrong(object, field, reason string) error {
	return &FieldError{Object: object, Field: field, Reason: reason}
}

// malformed wraps the error of a typed getter, which already names the member.
func malformed(object string, err error) error { return &FieldError{Object: object, Err: err} }
