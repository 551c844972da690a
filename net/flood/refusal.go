package flood

import (
	"errors"
	"fmt"
)

var (
	// ErrRefused is what every *Refusal unwraps to.
	ErrRefused = errors.New("message refused")
	// ErrRateLimited is matched by a Refusal for too many messages.
	ErrRateLimited = errors.New("too many messages")
	// ErrCutOff is matched by a Refusal of one whose score has fallen to nothing.
	ErrCutOff = errors.New("cut off")
	// ErrDuplicate is returned by Deliver for a message that was seen before.
	ErrDuplicate = errors.New("message was seen before")
	// ErrBusy is matched by a Refusal of a handler that had no room; handlers
	// return it (wrapped).
	ErrBusy = errors.New("busy")
)

// Reason says why a message was refused; it is also the name of a counter.
type Reason string

// The reasons, in the order of the pipeline.
const (
	ReasonCutOff      Reason = "cut_off"
	ReasonFlood       Reason = "flood"
	ReasonAddressRate Reason = "address_rate"
	ReasonTooLarge    Reason = "too_large"
	ReasonJSON        Reason = "bad_json"
	ReasonForm        Reason = "bad_message"
	ReasonTTL         Reason = "bad_ttl"
	ReasonTime        Reason = "bad_time"
	ReasonUnsigned    Reason = "unsigned"
	ReasonSignature   Reason = "bad_signature"
	ReasonAuthorRate  Reason = "author_rate"
	ReasonHandler     Reason = "handler"
	ReasonBusy        Reason = "busy"
)

// Reasons lists all reasons, for metrics.
func Reasons() []Reason {
	return []Reason{
		ReasonCutOff, ReasonFlood, ReasonAddressRate, ReasonTooLarge, ReasonJSON, ReasonForm, ReasonTTL, ReasonTime, ReasonUnsigned,
		ReasonSignature, ReasonAuthorRate, ReasonHandler, ReasonBusy,
	}
}

// Refusal is the error of Receive for a message that was not taken.
type Refusal struct {
	Why Reason
	Err error // detail, never nil
}

func refuse(why Reason, format string, args ...any) *Refusal {
	return &Refusal{Why: why, Err: fmt.Errorf(format, args...)}
}

// Error gives reason and detail.
func (r *Refusal) Error() string { return fmt.Sprintf("flood: %s: %v", r.Why, r.Err) }

// Unwrap returns ErrRefused, the detail and, where it fits, ErrRateLimited,
// ErrCutOff or ErrBusy.
func (r *Refusal) Unwrap() []error {
	switch r.Why {
	case ReasonCutOff:
		return []error{ErrRefused, ErrCutOff, r.Err}
	case ReasonFlood, ReasonAddressRate, ReasonAuthorRate:
		return []error{ErrRefused, ErrRateLimited, r.Err}
	case ReasonBusy:
		return []error{ErrRefused, ErrBusy, r.Err}
	}
	return []error{ErrRefused, r.Err}
}

// Status is the HTTP status that answers the refusal: 403, 429, 503 or 400.
func (r *Refusal) Status() int {
	switch r.Why {
	case ReasonCutOff:
		return 403
	case ReasonFlood, ReasonAddressRate, ReasonAuthorRate:
		return 429
	case ReasonBusy:
		return 503
	}
	return 400
}

// Fault says that no honest peer passes such a message on.
func (r *Refusal) Fault() bool { return r.cost() >= 1 }

// Passing says that the moment was wrong, or who brought the message, and not the message: another copy of it may be taken.
func (r *Refusal) Passing() bool { return r.Status() != 400 }

// Reason is the text for the answer.
func (r *Refusal) Reason() string { return fmt.Sprintf("%s: %v", r.Why, r.Err) }

// authorCost is the points an author pays for one message no honest node signs.
const authorCost = 5

// floodFactor is how many times its rate an address may be above that rate before
// it pays for it: the nodes behind one address are slowed down, not cut off.
const floodFactor = 10

// cost is the points the calling address pays. Being late, the bearer of another's
// flood or told to slow down is no offence.
func (r *Refusal) cost() float64 {
	switch r.Why {
	case ReasonTooLarge, ReasonJSON, ReasonForm, ReasonTTL, ReasonUnsigned, ReasonSignature, ReasonHandler:
		return 1
	case ReasonFlood:
		return 0.1
	}
	return 0
}
