package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"
)

// Mode says who may see the dashboard.
type Mode string

// The modes.
const (
	Local  Mode = "local"  // programs on this machine
	Public Mode = "public" // everybody who reaches the port
	Off    Mode = "off"    // nobody
)

// Config bounds a dashboard. Start from DefaultConfig.
type Config struct {
	// Mode says who may see it. Default Local.
	Mode Mode
	// Timeout bounds a request. Default 10 s.
	Timeout time.Duration
	// MaxQuestions is how many views are made at one time. Default 4.
	MaxQuestions int
	// MaxStreams and MaxStreamsPerAddress bound the clients of /events. Default 64 and 16.
	MaxStreams, MaxStreamsPerAddress int
	// Interval is the shortest time between two events, Heartbeat the longest. Default 1 s and 8 s.
	Interval, Heartbeat time.Duration
	// Log receives what ends in a 500. Default, and where it is nil: discarded.
	Log *slog.Logger
}

// DefaultConfig returns the defaults named at each field.
func DefaultConfig() Config {
	return Config{Mode: Local, Timeout: 10 * time.Second, MaxQuestions: 4, MaxStreams: 64, MaxStreamsPerAddress: 16,
		Interval: time.Second, Heartbeat: 8 * time.Second, Log: slog.New(slog.DiscardHandler)}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if c.Mode != Local && c.Mode != Public && c.Mode != Off {
		errs = append(errs, fmt.Errorf("web: mode %q: must be local, public or off", c.Mode))
	}
	for _, n := range []struct {
		name string
		v    int64
	}{
		{"timeout", int64(c.Timeout)}, {"questions", int64(c.MaxQuestions)}, {"streams", int64(c.MaxStreams)},
		{"streams of an address", int64(c.MaxStreamsPerAddress)}, {"interval", int64(c.Interval)}, {"heartbeat", int64(c.Heartbeat)},
	} {
		if n.v <= 0 {
			errs = append(errs, fmt.Errorf("web: %s %d: must be positive", n.name, n.v))
		}
	}
	return errors.Join(errs...)
}

var (
	// ErrInvalid is wrapped by errors of Parts about a question that is wrong: 400.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound is wrapped by errors of Parts about what does not exist: 404, with the reason.
	ErrNotFound = errors.New("not found")
	// ErrBusy is wrapped by errors of Parts that take too long or have no room: 503.
	ErrBusy = errors.New("busy")
)

// Answer is what a view shows.
type Answer struct {
	// Binary says that Body is columns, see olap/live; else it is JSON. Body is only read.
	Binary bool
	Body   []byte
}

// Data answers views over what was recorded.
type Data interface {
	// Answer answers a question; ErrInvalid, ErrNotFound, ErrBusy.
	Answer(ctx context.Context, view string, args url.Values) (Answer, error)
	// Version rises when an answer may have changed.
	Version() int64
	// Changed is closed at the next change.
	Changed() <-chan struct{}
}

// State is the node as it is now.
type State interface {
	// State returns one JSON object: that of GET /status, with what else the dashboard shows.
	State(ctx context.Context) ([]byte, error)
}

// Evidence shows what a domain's champion says of the test cases.
type Evidence interface {
	// Evidence returns one JSON object; ErrNotFound where there is no champion or it shows nothing.
	Evidence(ctx context.Context, domain string) ([]byte, error)
}

// Parts are a dashboard's collaborators. State is required.
type Parts struct {
	State State
	// Data is nil where nothing is recorded, Evidence where nobody can train, Journal where no log is kept.
	Data     Data
	Evidence Evidence
	Journal  *Journal
}
