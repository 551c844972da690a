package olap

import (
	"context"
	"errors"
)

// ErrReject is wrapped by an error of Sink.Write that will not go away: the sink can never store
// a row of the batch. The recorder then delivers the batch row by row and drops the one that is
// rejected alone, counting and logging it.
var ErrReject = errors.New("olap: row rejected")

// Sink is one destination of rows. A recorder calls a sink from one goroutine at a time.
type Sink interface {
	// Name names the sink in positions, logs and statistics. It must be unique among the sinks of
	// a recorder and the same at every start.
	Name() string

	// Write stores rows, which come in spool order, and returns when they are durable; it ignores
	// the kinds it has no place for. An error means the whole batch may be delivered again, in
	// whole or in parts, as may rows that were stored before a crash: Write must recognize them
	// by primary key or by (Row.Spool, Row.Seq). It keeps neither rows nor what they point to
	// unless it copies them, and gives up when ctx is done.
	Write(ctx context.Context, rows []Row) error

	// Close releases the sink after a graceful stop.
	Close() error
}
