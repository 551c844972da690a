package local

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
)

// MaxNodes bounds a local network.
const MaxNodes = 64

// StopTime is how long the processes have to stop before they are killed.
const StopTime = 3500 * time.Millisecond

// Config says what network to run. Start from DefaultConfig.
type Config struct {
	// Nodes is the number of processes, from 1 to MaxNodes. Default 3.
	Nodes int
	// ConfigPath names the configuration that every node gets a copy of, with
	// address, paths and peers of its own. A seed is increased by the node's index.
	ConfigPath string
	// For ends the run after this time, Trials after so many trials of all nodes together, and Plateau when no domain has had a
	// better champion for this time; 0 means when the context ends. A run also ends when every domain has reached its target.
	For, Plateau time.Duration
	Trials       int64
	// Port is what the first node listens on, the others on the next ones; those that are taken are passed over. 0: any
	// free ones. Default 8470.
	Port int
	// JSON makes the summary the only thing written to Out.
	JSON bool
	// Exe is the doin-node executable to start.
	Exe string
	// Dir holds the network and is made if missing; it stays after the run, and a run with an old one goes on with it. "" means
	// one below Folder named like the network, as its configuration's label or file is.
	Dir string
	// LogLevel is passed to the nodes unless empty.
	LogLevel string
	// Genesis makes the genesis file of a new network.
	Genesis func(cfg *config.Config, evaluators []chain.Evaluator, start time.Time) *chain.Genesis
	// Out gets table and summary.
	Out io.Writer
	// Logger gets warnings; nil for none.
	Logger *slog.Logger
}

// Folder is where networks lie that have no directory of their own choice.
const Folder = "doin-local"

// DefaultConfig returns the default named at the fields; executable, configuration, genesis and output are the caller's.
func DefaultConfig() Config { return Config{Nodes: 3, Port: 8470} }

// Validate reports every problem at once, joined; nil means o is usable.
func (o *Config) Validate() error {
	var errs []error
	if o.Nodes < 1 || o.Nodes > MaxNodes {
		errs = append(errs, fmt.Errorf("--nodes %d: must be in [1, %d]", o.Nodes, MaxNodes))
	}
	if o.For < 0 || o.Plateau < 0 || o.Trials < 0 {
		errs = append(errs, fmt.Errorf("--for %v, --plateau %v, --trials %d: must not be negative", o.For, o.Plateau, o.Trials))
	}
	if o.Port < 0 || o.Port > maxPort {
		errs = append(errs, fmt.Errorf("--port %d: must be in [0, %d]", o.Port, maxPort))
	}
	if o.Exe == "" || o.Genesis == nil || o.Out == nil {
		errs = append(errs, errors.New("local: executable, genesis and output are required"))
	}
	return errors.Join(errs...)
}
