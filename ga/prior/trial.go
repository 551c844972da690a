package prior

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"doin.network/node/internal/canon"
)

// Bounds of rows.
const (
	MaxTrials    = 1 << 20
	MinTrials    = 8 // a task with fewer says nothing
	maxLineBytes = 64 << 10
)

// Trial is what one recipe scored on one task.
type Trial struct {
	// Family is the kind of domain: the canonical name of its plugin.
	Family string
	// Task names domain, data and space.
	Task string
	// Author is who reported it.
	Author string
	// Recipe holds the parameters.
	Recipe *canon.Object
	// Budget is the logarithm of what the training was allowed as a share of the task's most: 0 for whole trainings.
	Budget float64
	// Performance is higher for better; NaN: it failed.
	Performance float64
	// Verified says that others have re-run it.
	Verified bool
}

// Task returns the name of a task: a function of the family and the hash of its data and settings.
func Task(family, dataHash string) string { return canon.Hash([]any{"task", family, dataHash})[:32] }

// line is a Trial as JSON.
type line struct {
	Family      string          `json:"family"`
	Task        string          `json:"task"`
	Author      string          `json:"author"`
	Recipe      json.RawMessage `json:"recipe"`
	Budget      float64         `json:"budget,omitempty"`
	Performance *float64        `json:"performance"`
	Verified    bool            `json:"verified,omitempty"`
}

// Validate reports why t is no trial.
func (t *Trial) Validate() error {
	for _, p := range []struct{ name, text string }{{"family", t.Family}, {"task", t.Task}} {
		if p.text == "" || len(p.text) > MaxName {
			return fmt.Errorf("%s: must have 1 to %d bytes", p.name, MaxName)
		}
	}
	switch {
	case len(t.Author) > MaxName:
		return fmt.Errorf("author: must have at most %d bytes", MaxName)
	case t.Recipe == nil:
		return errors.New("recipe: missing")
	case !(t.Budget <= 0) || math.IsInf(t.Budget, 0):
		return fmt.Errorf("budget %v: must be at most 0 and finite", t.Budget)
	}
	return nil
}

// WriteTrials writes one line of JSON for each trial.
func WriteTrials(w io.Writer, trials []Trial) error {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	for i := range trials {
		t := &trials[i]
		l := line{Family: t.Family, Task: t.Task, Author: t.Author, Recipe: canon.Canonical(t.Recipe), Budget: t.Budget, Verified: t.Verified}
		if t.Performance-t.Performance == 0 {
			l.Performance = &t.Performance
		}
		if err := encoder.Encode(&l); err != nil {
			return err
		}
	}
	return out.Flush()
}

// ReadTrials reads what WriteTrials wrote, at most MaxTrials lines of at most 64 KiB. An error names the line.
func ReadTrials(r io.Reader) (out []Trial, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLineBytes)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("prior: line %d: %w", len(out)+1, err)
		}
		if len(out) == MaxTrials {
			return nil, fmt.Errorf("prior: more than %d lines", MaxTrials)
		}
		t := Trial{Family: l.Family, Task: l.Task, Author: l.Author, Budget: l.Budget, Performance: math.NaN(), Verified: l.Verified}
		if l.Performance != nil {
			t.Performance = *l.Performance
		}
		if t.Recipe, err = canon.ParseObject(l.Recipe); err == nil {
			err = t.Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("prior: line %d: %w", len(out)+1, err)
		}
		out = append(out, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("prior: line %d: %w", len(out)+1, err)
	}
	return out, nil
}
