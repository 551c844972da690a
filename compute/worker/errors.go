package worker

import (
	"errors"
	"fmt"
	"strings"

	"doin.network/node/internal/canon"
)

// What a Supervisor's calls return, wrapped with the reason.
var (
	// ErrDataHash: the recipe was made for other data than the domain has. The
	// caller abstains.
	ErrDataHash = errors.New("worker: recipe for other data")
	// ErrRefused: the recipe, configuration or input is not acceptable.
	ErrRefused = errors.New("worker: refused")
	// ErrUnknownDomain: the domain is not configured.
	ErrUnknownDomain = errors.New("worker: unknown domain")
	// ErrUnsupported: the worker does not offer this for this domain.
	ErrUnsupported = errors.New("worker: unsupported")
	// ErrBusy: the worker has too much open, or the domain is being optimized already.
	ErrBusy = errors.New("worker: busy")
	// ErrInternal: the worker found a fault of its own.
	ErrInternal = errors.New("worker: internal error of the worker")
	// ErrCancelled: the request was cancelled.
	ErrCancelled = errors.New("worker: cancelled")
	// ErrTimeout: the job used up its wall-clock limit.
	ErrTimeout = errors.New("worker: job exceeded its time limit")
	// ErrMemory: the worker exceeded its memory limit, each time the job was tried.
	ErrMemory = errors.New("worker: memory limit exceeded")
	// ErrWorkerDied: the worker died, hung or answered nonsense, each time the job
	// was tried, or could not be started.
	ErrWorkerDied = errors.New("worker: process died")
	// ErrStart: it could not be started, too often in a row; wraps ErrWorkerDied's too.
	ErrStart = errors.New("cannot be started")
	// ErrClosed: the Supervisor is not running any more.
	ErrClosed = errors.New("worker: supervisor closed")
	// ErrLost: what trains is gone for good, as far as this process goes. A domain's error that wraps it ends Serve
	// without any answer, so that the parent asks the next worker.
	ErrLost = errors.New("worker: device lost")
	// ErrSearch: a Search's Next and Continue were called out of order or after its end.
	ErrSearch = errors.New("worker: search is not in that state")
)

// wireCodes are the codes of error frames and of failed rows.
var wireCodes = []struct {
	code string
	err  error
}{
	{"data_hash", ErrDataHash},
	{"refused", ErrRefused},
	{"unknown_domain", ErrUnknownDomain},
	{"unsupported", ErrUnsupported},
	{"busy", ErrBusy},
	{"cancelled", ErrCancelled},
	{"internal", ErrInternal},
}

// Error codes without a sentinel: both say that the node's end has a fault.
const (
	codeBadFrame   = "bad_frame"
	codeBadRequest = "bad_request"
)

// maxMessage bounds the text of an error on the wire.
const maxMessage = 4096

// codeOf returns the wire code of err: that of the first sentinel it wraps.
func codeOf(err error) string {
	for _, w := range wireCodes {
		if errors.Is(err, w.err) {
			return w.code
		}
	}
	if errors.Is(err, errBadRequest) {
		return codeBadRequest
	}
	return "internal"
}

// errorOf is the inverse.
func errorOf(code, message string) error {
	for _, w := range wireCodes {
		if w.code == code { // a worker of ours says the sentinel's words itself
			return fmt.Errorf("%w: %s", w.err, strings.TrimPrefix(message, w.err.Error()+": "))
		}
	}
	return fmt.Errorf("%w: %.64s: %s", ErrInternal, code, message)
}

// errBadRequest marks a request that does not follow the protocol.
var errBadRequest = errors.New("bad request")

// errorFrame is the frame that ends request f with err.
func errorFrame(id uint64, verb Verb, code string, err error) Frame {
	return Frame{ID: id, Verb: verb, Kind: KindError,
		Data: canon.NewObject("code", code, "message", clip(err.Error()))}
}

func clip(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage]
	}
	return s
}

// FrameError reads an error frame; the error wraps the sentinel of its code.
func FrameError(f *Frame) error {
	code, err := f.Data.String("code")
	if err != nil {
		return fmt.Errorf("%w: error frame: %w", errNonsense, err)
	}
	message, err := f.Data.StringOr("message", "")
	if err != nil {
		return fmt.Errorf("%w: error frame: %w", errNonsense, err)
	}
	return errorOf(code, clip(message))
}

// errNonsense marks an answer that does not follow the protocol; the worker
// that gave it is replaced.
var errNonsense = errors.New("worker answered nonsense")
