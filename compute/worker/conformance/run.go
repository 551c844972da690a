package conformance

import (
	"io"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker"
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

	protocol int // that it says it speaks
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
	s := &suite{argv: argv, config: config, mem: memory.DefaultAllocator, best: config.Parameters}
	for _, rule := range []struct {
		name  string
		check func() error
		// fresh: the rule ends the process, so it gets one of its own.
		fresh bool
	}{
		{"describe", s.describe, false},
		{"unknown verb", s.unknownVerb, false},
		{"bad header", s.badHeader, false},
		{"configure", s.configure, false},
		{"optimize", s.optimize, false},
		{"optimize: records ahead", s.ahead, false},
		{"evaluate", s.evaluate, false},
		{"evaluate: errors", s.evaluateErrors, false},
		{"generate", s.generate, false},
		{"infer", s.infer, false},
		{"telemetry while busy", s.telemetry, false},
		{"cancel", s.cancel, false},
		{"shutdown", s.shutdown, true},
		{"end of input", s.endOfInput, true},
		{"input cut short", s.cutShort, true},
		{"oversized frame", s.oversized, true},
	} {
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
	if s.c, err = dial(s.argv, s.config.Stderr, s.config.Timeout); err != nil || fresh {
		return err
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
