package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"doin.network/node/cmd/doin-worker/program"
	"doin.network/node/cmd/doin-worker/search"
	"doin.network/node/compute/device"
	deviceopen "doin.network/node/compute/device/open"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// reserve is how many evaluations a GPU takes beside the population of a search.
const reserve = 256

// spareThreads is how many goroutines run beside the trainings.
const spareThreads = 2

// options are flags for serving.
type options struct {
	trainings int     // at a time; 0: what the device wants
	share     float64 // of the time, for verifications
	cache     string  // directory; empty: none
	programs  worker.Limits
	version   string
	kinds     []kind.Kind // of networks that the engine has no layers for
}

// serve opens the device and answers the parent until it closes standard input or
// sends SIGTERM.
func serve(stdin io.Reader, stdout io.Writer, log *slog.Logger, name string, o options) error {
	// A terminal's interrupt reaches the whole group; the parent decides.
	signal.Ignore(os.Interrupt)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	d, err := deviceopen.Open(ctx, name, log)
	if err != nil {
		return err
	}
	// Threads beside the trainings': what breeds, encodes and answers does not wait until one gives up its own.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareThreads)
	err = serveOn(ctx, d, stdin, stdout, log, o)
	if errors.Is(err, worker.ErrLost) {
		return err // closing what is lost may wait for it
	}
	if err := d.Close(); err != nil {
		log.Warn("device not closed cleanly", "err", err)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// serveOn answers the parent with a device's trainings.
func serveOn(ctx context.Context, d device.Device, stdin io.Reader, stdout io.Writer, log *slog.Logger, own options) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	programs := program.New(dir, own.programs, log)
	defer programs.Close()
	o := worker.ServerOptions{
		Description: description(d, own.version, own.trainings),
		NewDomain:   open.On(losing{d}, tape.Draw, own.kinds, settings.Top()...),
		NewSearch:   search.New,
		Share:       own.share,
		Cache:       own.cache,
		Logger:      log,
	}
	builtIn, reading := o.NewDomain, new(collector)
	o.NewDomain = func(plugin string, config *canon.Object) (domain.Domain, error) {
		if d, ok, err := programs.Open(plugin, config); ok {
			return d, err
		}
		defer reading.begin()()
		return builtIn(plugin, config)
	}
	if o.Description.HasGPU {
		o.Reserve = reserve
		g := openGauge(d.Info(), log)
		defer g.close()
		o.GPUs = g.read
	}
	return worker.Serve(ctx, stdin, stdout, o)
}

// losing says in the protocol's words that a device is lost.
type losing struct{ device.Device }

func (l losing) Train(ctx context.Context, t *nn.Task) (*nn.Result, error) {
	r, err := l.Device.Train(ctx, t)
	if errors.Is(err, device.ErrLost) {
		err = fmt.Errorf("%w: %w", worker.ErrLost, err)
	}
	return r, err
}
