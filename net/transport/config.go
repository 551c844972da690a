package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// ServerConfig bounds one server. The zero value is not usable; start from
// DefaultServerConfig.
type ServerConfig struct {
	// Name is sent in the Server header. Default "doin-node".
	Name string
	// ReadTimeout is the time to receive one whole request. Default 15 s.
	ReadTimeout time.Duration
	// WriteTimeout is how long a client may take nothing of a response, and how
	// long it may take for all of it beside a second for each 16 KiB: a large one
	// may take long, and who takes next to nothing cannot hold it. Default 10 s.
	WriteTimeout time.Duration
	// IdleTimeout is how long a kept connection may wait for its next request.
	// Default 30 s.
	IdleTimeout time.Duration
	// ShutdownTimeout is how long Run lets running requests finish after its
	// context ended; then connections are closed. Default 2 s.
	ShutdownTimeout time.Duration
	// MaxBodyBytes is the largest request body. Default 4 MiB.
	MaxBodyBytes int
	// BodyLimit, when set, is the largest body of a request by its method and
	// path, from 1 to MaxBodyBytes; it is asked before the body is read. What is
	// outside counts as MaxBodyBytes.
	BodyLimit func(method, path []byte) int
	// HeldBytes bounds what all connections together have received of requests
	// that are not answered yet. Beyond it those are closed that hold more than
	// 64 KiB. Default 64 MiB.
	HeldBytes int
	// MaxHeaderBytes is the largest request line with headers. Default 8 KiB,
	// min 1 KiB.
	MaxHeaderBytes int
	// MaxConns is the number of open connections in total. When it is reached, a
	// new one takes the place of the oldest of the address that has the most, if
	// that address has more. Default 512.
	MaxConns int
	// MaxConnsPerIP is the number of open connections from one address.
	// Default 128 (several nodes may live behind one address).
	MaxConnsPerIP int
	// Refuse, when set, reports whether an address is cut off: its connections
	// are closed, at the latest with its next request. It must be fast.
	Refuse func(host string) bool
	// Offence, when set, is told of an address whose request was no HTTP, too
	// large or not received in time. It must not block.
	Offence func(host string)
	// TooLarge, when set, writes the answer to a request whose body is above
	// MaxBodyBytes. Default: 413 with a text.
	TooLarge TooLargeHandler
	// Log receives panics and listener errors. Default: discarded.
	Log *slog.Logger
}

// DefaultServerConfig returns the defaults named at each field.
func DefaultServerConfig() ServerConfig {
	return ServerConfig{
		Name:            "doin-node",
		ReadTimeout:     15 * time.Second,
		WriteTimeout:    10 * time.Second,
		IdleTimeout:     30 * time.Second,
		ShutdownTimeout: 2 * time.Second,
		MaxBodyBytes:    4 << 20,
		HeldBytes:       64 << 20,
		MaxHeaderBytes:  8 << 10,
		MaxConns:        512,
		MaxConnsPerIP:   128,
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *ServerConfig) Validate() error {
	return check([]span{
		{"read timeout", c.ReadTimeout}, {"write timeout", c.WriteTimeout},
		{"idle timeout", c.IdleTimeout}, {"shutdown timeout", c.ShutdownTimeout},
	}, []size{
		{"max body bytes", c.MaxBodyBytes, 1}, {"held bytes", c.HeldBytes, 1}, {"max header bytes", c.MaxHeaderBytes, 1 << 10},
		{"max connections", c.MaxConns, 1}, {"max connections per ip", c.MaxConnsPerIP, 1},
	})
}

// span and size are values that must be above 0 and at least min.
type span struct {
	name string
	v    time.Duration
}

type size struct {
	name   string
	v, min int
}

func check(spans []span, sizes []size) error {
	var errs []error
	for _, d := range spans {
		if d.v <= 0 {
			errs = append(errs, fmt.Errorf("transport: %s %v: must be positive", d.name, d.v))
		}
	}
	for _, n := range sizes {
		if n.v < n.min {
			errs = append(errs, fmt.Errorf("transport: %s %d: must be at least %d", n.name, n.v, n.min))
		}
	}
	return errors.Join(errs...)
}

// ClientConfig bounds one client. The zero value is not usable; start from
// DefaultClientConfig.
type ClientConfig struct {
	// Name is sent in the User-Agent header. Default "doin-node".
	Name string
	// DialTimeout is the time to connect. Default 3 s.
	DialTimeout time.Duration
	// Timeout is the time for one whole exchange, connecting included; an
	// earlier deadline of the caller's context wins. Default 10 s.
	Timeout time.Duration
	// IdleTimeout is how long an unused connection is kept. Default 10 s,
	// below the servers' own so that a kept connection is seldom stale.
	IdleTimeout time.Duration
	// MaxResponseBytes is the largest response body. Default 1 MiB.
	MaxResponseBytes int
	// MaxInFlight is the number of exchanges at one time. Default 64.
	MaxInFlight int
	// MaxConnsPerHost is the number of connections to one endpoint. Default 8.
	MaxConnsPerHost int
	// Dial, when set, connects with an endpoint; one without a port has :80 added. Default: over TCP.
	Dial func(ctx context.Context, endpoint string) (net.Conn, error)
}

// DefaultClientConfig returns the defaults named at each field.
func DefaultClientConfig() ClientConfig {
	return ClientConfig{
		Name:             "doin-node",
		DialTimeout:      3 * time.Second,
		Timeout:          10 * time.Second,
		IdleTimeout:      10 * time.Second,
		MaxResponseBytes: 1 << 20,
		MaxInFlight:      64,
		MaxConnsPerHost:  8,
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *ClientConfig) Validate() error {
	return check([]span{{"dial timeout", c.DialTimeout}, {"timeout", c.Timeout}, {"idle timeout", c.IdleTimeout}}, []size{
		{"max response bytes", c.MaxResponseBytes, 1}, {"max in flight", c.MaxInFlight, 1}, {"max connections per host", c.MaxConnsPerHost, 1},
	})
}
