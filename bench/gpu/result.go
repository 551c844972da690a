package gpu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"doin.network/node/bench/workload"
)

// Report is everything that was measured on a card, as gpu-CARD.json has it.
type Report struct {
	Device string `json:"device"`
	Driver string `json:"driver"`
	// Toolkit is the version that made the committed kernels, LocalToolkit that of this machine's nvcc, if there is one.
	Toolkit      string   `json:"toolkit"`
	LocalToolkit string   `json:"local_toolkit"`
	Card         CardInfo `json:"card"`
	Version      string   `json:"version"` // of doin-bench
	Date         string   `json:"date"`    // UTC
	Host         string   `json:"host"`

	Digests Digests `json:"digests"`
	// Ceiling is what one large product of float32 matrices reaches: the median over the run.
	Ceiling        float64 `json:"ceiling_gflops"`
	CeilingLibrary string  `json:"ceiling_library"`

	Workloads []Figure  `json:"workloads"`
	Peers     []Figure  `json:"peers"`
	FastMath  *FastMath `json:"fastmath"` // null: not measured
	Phases    []Phase   `json:"phases"`
	// Absent are peers that are not installed, LeftOut what there was no time or memory for; each says why.
	Absent  []string `json:"absent"`
	LeftOut []string `json:"left_out"`
}

// Digests is how many results were compared with the processor's, and how many differed.
type Digests struct {
	Compared   int         `json:"compared"`
	Different  int         `json:"different"`
	RandomSeed uint64      `json:"random_seed"`
	Runs       []DigestRun `json:"runs"`
	// Differing names the first of those that differed.
	Differing []string `json:"differing"`
}

// DigestRun is a set of tasks trained in one way.
type DigestRun struct {
	Set            string  `json:"set"`    // "committed", "random", "predictions"
	Source         string  `json:"source"` // of the kernels
	Variant        string  `json:"variant"`
	StepsPerLaunch int     `json:"quantum"`
	Shuffled       bool    `json:"shuffled"`
	Repeat         int     `json:"repeat"` // from 1
	Compared       int     `json:"compared"`
	Different      int     `json:"different"`
	Seconds        float64 `json:"seconds"`
	Error          string  `json:"error,omitempty"` // the run did not come to its end
}

// Figure is how fast a population of a workload was trained.
type Figure struct {
	Name       string           `json:"name"`
	Population int              `json:"population"`
	Variant    workload.Variant `json:"variant"`
	// Peer is who and how: "jax-scan", "pytorch-graph-padded"; empty: the engine.
	Peer string `json:"peer,omitempty"`
	// ModelsPerSecond is the median of the repetitions.
	ModelsPerSecond float64 `json:"models_per_s"`
	// ShareOfCeiling is the useful multiply-adds in a second over the ceiling, null without one. A peer that trains models
	// beyond their stop, or pads them, is given what was useful.
	ShareOfCeiling *float64 `json:"share_of_ceiling"`
	// JoulesPerModel is the whole card's, null where it was not to be measured.
	JoulesPerModel *float64 `json:"joules_per_model"`
	Repetitions    int      `json:"repetitions"`
	Wanted         int      `json:"repetitions_wanted"`
	// Slowest and Fastest of the repetitions, models per second.
	Slowest float64 `json:"models_per_s_slowest"`
	Fastest float64 `json:"models_per_s_fastest"`
	// Seconds of the median repetition. OnDevice is the part in which the card computed, of the engine only.
	Seconds  float64  `json:"seconds"`
	OnDevice *float64 `json:"device_seconds,omitempty"`
	// StepsPerModel that were made, on average; StepsTimed of a peer are those that were measured and scaled.
	StepsPerModel float64 `json:"steps_per_model"`
	StepsTimed    int     `json:"steps_timed,omitempty"`
	// TimesEngine is how many of our populations are trained in the time of one of the peer's: median of the ratios of the
	// repetitions.
	TimesEngine float64 `json:"times_engine,omitempty"`
	// Includes is what Seconds contain.
	Includes Includes `json:"includes"`

	useful float64 // GFLOP/s of what was asked for
}

// FastMath is what determinism costs: the same kernels by the same compiler, with the contract's flags and with
// -use_fast_math -fmad=true.
type FastMath struct {
	Name            string  `json:"name"`
	Population      int     `json:"population"`
	Toolkit         string  `json:"toolkit"`
	Exact           float64 `json:"exact_models_per_s"`
	Fast            float64 `json:"fast_models_per_s"`
	ExactDevice     float64 `json:"exact_device_seconds"`
	FastDevice      float64 `json:"fast_device_seconds"`
	Cost            float64 `json:"cost"`        // exact over fast time, less 1: median of the ratios of the wall clock
	DeviceCost      float64 `json:"device_cost"` // the same of the card's own time
	Repetitions     int     `json:"repetitions"`
	DivergedTooSoon bool    `json:"diverged"` // a fast model diverged, so that less was computed
}

// Phase is a part of the whole run, as run.sh notes it.
type Phase struct {
	Name    string  `json:"name"`
	Status  string  `json:"status"` // "ok", "failed", "left out", "timed out"
	Seconds float64 `json:"seconds"`
	Note    string  `json:"note"`
}

// NewReport returns a report without a measurement, whose lists are empty rather than null.
func NewReport() *Report {
	return &Report{
		Card:      CardInfo{Images: []string{}},
		Digests:   Digests{Runs: []DigestRun{}, Differing: []string{}},
		Workloads: []Figure{}, Peers: []Figure{}, Phases: []Phase{}, Absent: []string{}, LeftOut: []string{},
	}
}

// ReadReport reads a report that Save wrote.
func ReadReport(path string) (*Report, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	r := NewReport()
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Save writes the report at once or not at all, so that a run which is ended leaves what it had.
func (r *Report) Save(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// WriteJSON writes the report as gpu-CARD.json has it.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// WriteFiles puts gpu-CARD.json, .md and .svg into a folder, which is made if missing.
func (r *Report) WriteFiles(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	name := filepath.Join(folder, "gpu-"+r.CardName())
	for _, form := range []struct {
		extension string
		write     func(io.Writer) error
	}{{".json", r.WriteJSON}, {".md", r.WriteMarkdown}, {".svg", r.WriteSVG}} {
		var b bytes.Buffer
		if err := form.write(&b); err != nil {
			return fmt.Errorf("%s%s: %w", name, form.extension, err)
		}
		if err := os.WriteFile(name+form.extension, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// ErrFailed is returned by Verdict, wrapped.
var ErrFailed = errors.New("bench/gpu: failed")

// Verdict returns nil if digests were compared, none differed and no run ended in an error, and no phase failed.
func (r *Report) Verdict() error {
	var errs []error
	if r.Digests.Compared == 0 {
		errs = append(errs, fmt.Errorf("%w: no digest was compared", ErrFailed))
	}
	if r.Digests.Different > 0 {
		errs = append(errs, fmt.Errorf("%w: %d of %d digests differ", ErrFailed, r.Digests.Different, r.Digests.Compared))
	}
	for _, d := range r.Digests.Runs {
		if d.Error != "" {
			errs = append(errs, fmt.Errorf("%w: digests of %s by %s %s: %s", ErrFailed, d.Set, d.Source, d.Variant, d.Error))
		}
	}
	for _, p := range r.Phases {
		if p.Status == "failed" {
			errs = append(errs, fmt.Errorf("%w: %s: %s", ErrFailed, p.Name, p.Note))
		}
	}
	return errors.Join(errs...)
}

// CardName is the card's name as part of a file's: "nvidia-h200".
func (r *Report) CardName() string {
	var b strings.Builder
	for _, c := range strings.ToLower(r.Device) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if name := strings.TrimRight(b.String(), "-"); name != "" {
		return name
	}
	return "unknown"
}

// ReadPhases reads the lines that run.sh writes: name, status, seconds and note, with tabs between them.
func ReadPhases(path string) ([]Phase, error) {
	text, err := readBounded(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	phases := []Phase{}
	for line := range strings.Lines(string(text)) {
		part := strings.SplitN(strings.TrimRight(line, "\n"), "\t", 4)
		var p Phase
		if len(part) != 4 {
			return nil, fmt.Errorf("%s: line %.80q", path, line)
		}
		if _, err := fmt.Sscan(part[2], &p.Seconds); err != nil {
			return nil, fmt.Errorf("%s: line %.80q: %w", path, line, err)
		}
		p.Name, p.Status, p.Note = part[0], part[1], part[3]
		phases = append(phases, p)
	}
	return phases, nil
}
