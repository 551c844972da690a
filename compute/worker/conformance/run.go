package conformance

import (
	"io"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Reporter is told what was found; a *testing.T is one.
type Reporter interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Config says what to test a program with.
type Config struct {
	// Plugin and Config are a domain it can configure. Plugin "" takes the first
	// one it describes.
	Plugin string
	Config *canon.Object
	// Settings are for optimize; the tests run a few generations.
	Settings *canon.Object
	// Parameters is a recipe of the domain; nil takes the best of a generation.
	Parameters *canon.Object
	// Lines exchanges tables as JSON lines though the program does not ask for them.
	Lines bool
	// InferInput is an inference request; nil: infer is not tested.
	InferInput *canon.Object
	// Timeout bounds each answer. Default 1 minute.
	Timeout time.Duration
	// Stderr gets the program's own lines; nil discards.
	Stderr io.Writer
}

// suite is one run.
type suite struct {
	argv   []string
	config Config
	mem    memory.Allocator
	c      *client
	best   *canon.Object // a recipe

	own          bool // a plugin of its own, "exec:PROGRAM ARGS…": no plugin was named to test it with
	description  worker.Description
	protocol     int // that it says it speaks
	evaluateOnly bool
	form         table.Form // of its tables
}

const domainID = "conformance"

// Run tests the program argv and reports every rule it breaks. It returns how many.
func Run(t Reporter, argv []string, config Config) (broken int) {
	t.Helper()
	if config.Timeout <= 0 {
		config.Timeout = time.Minute
	}
	if config.Config == nil {
		config.Config = canon.NewObject()
	}
	if config.Settings == nil {
		config.Settings = canon.NewObject()
	}
	s := &suite{argv: argv, config: config, mem: memory.DefaultAllocator, best: config.Parameters, own: config.Plugin == ""}
	for _, rule := range []struct {
		name  string
		check func() error
		// fresh: the rule ends the process, so it gets one of its own.
		fresh bool
		whole bool // not for a program that only evaluates
	}{
		{"describe", s.describe, false, false},
		{"unknown verb", s.unknownVerb, false, false},
		{"bad header", s.badHeader, false, false},
		{"configure", s.configure, false, false},
		{"optimize", s.optimize, false, true},
		{"optimize: records ahead", s.ahead, false, true},
		{"evaluate", s.evaluate, false, false},
		{"evaluate: errors", s.evaluateErrors, false, false},
		{"generate", s.generate, false, true},
		{"infer", s.infer, false, false},
		{"telemetry while busy", s.telemetry, false, false},
		{"cancel", s.cancel, false, false},
		{"shutdown", s.shutdown, true, false},
		{"end of input", s.endOfInput, true, false},
		{"input cut short", s.cutShort, true, false},
		{"oversized frame", s.oversized, true, false},
		{"as a node runs it", s.asNode, true, false},
	} {
		if rule.whole && s.evaluateOnly {
			continue
		}
		err := s.connect(rule.fresh)
		if err == nil {
			err = rule.check()
		}
		if err != nil {
			broken++
			t.Errorf("%s: %v", rule.name, err)
			s.disconnect() // whatever state it is in
			continue
		}
		t.Logf("%s: ok", rule.name)
	}
	s.disconnect()
	return broken
}

// connect makes sure there is a program to talk to; a fresh one is not configured,
// one that replaces a broken one is.
func (s *suite) connect(fresh bool) (err error) {
	if fresh {
		s.disconnect()
	}
	if s.c != nil {
		return nil
	}
	if s.c, err = dial(s.argv, s.config.Stderr, s.config.Timeout); err != nil {
		return err
	}
	if s.c.form = s.form; fresh {
		return nil
	}
	if s.config.Plugin != "" {
		_, err = s.ask(worker.VerbConfigure, s.configuration(s.config.Plugin), nil)
	}
	return err
}

func (s *suite) disconnect() {
	if s.c != nil {
		s.c.close()
		s.c = nil
	}
}

func (s *suite) ask(verb worker.Verb, data *canon.Object, body []byte) (worker.Frame, error) {
	return s.c.ask(verb, data, body)
}

func (s *suite) configuration(plugin string) *canon.Object {
	return canon.NewObject("domain", domainID, "plugin", plugin, "config", s.config.Config)
}
