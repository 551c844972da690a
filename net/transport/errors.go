package transport

import (
	"errors"
	"fmt"
)

var (
	// ErrPortInUse is returned by Listen when another process has the address.
	ErrPortInUse = errors.New("address already in use")
	// ErrTimeout is returned by Client when an exchange did not end in time.
	ErrTimeout = errors.New("timeout")
	// ErrResponseTooLarge is returned by Client for a response above its limit.
	ErrResponseTooLarge = errors.New("response too large")
	// ErrBusy is returned by Client when no connection became free in time.
	ErrBusy = errors.New("too many requests in flight")
	// ErrClosed is returned by Client after Close.
	ErrClosed = errors.New("client is closed")
	// ErrStatus is what every *StatusError unwraps to.
	ErrStatus = errors.New("unexpected http status")
	// ErrStuck is returned by Server.Run when handlers outlived the shutdown.
	ErrStuck = errors.New("requests still running after the shutdown deadline")
)

// StatusError is an answer other than 200 where 200 was needed.
type StatusError struct {
	// URL is the address asked.
	URL string
	// Status is the HTTP status.
	Status int
	// Body is the beginning of the answer, at most 200 bytes, for the log.
	Body string
}

// Error names the address, the status and the beginning of the body.
func (e *StatusError) Error() string {
	return fmt.Sprintf("transport: %s answered %d: %q", e.URL, e.Status, e.Body)
}

// Unwrap returns ErrStatus.
func (e *StatusError) Unwrap() error { return ErrStatus }

// HTTPStatus returns the status; with it callers tell an answer from silence
// without importing this package.
func (e *StatusError) HTTPStatus() int { return e.Status }
