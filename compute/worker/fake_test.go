package worker

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// fakeDomain is a domain whose recipes say how to misbehave: {"x": real, "do"?: text}.
type fakeDomain struct {
	config *canon.Object
	// started and release let a test hold trainings with "do": "wait".
	started, release chan string
}

var fakeSpace = genome.Space{{Name: "x", Kind: genome.Real, Low: -4, High: 4}}

func (d *fakeDomain) Describe() domain.Description {
	return domain.Description{Plugin: "fake", Space: fakeSpace, DataHash: "d0", PerformanceMetric: "fit",
		HigherIsBetter: true, Strategy: domain.StrategyGA, Baselines: canon.NewObject("naive", 1.0),
		ContractVersion: "test", Defaults: d.config, Folds: 2, Cases: fakeCases}
}

type fakeModel struct {
	performance float64
	digest      string
}

func (m *fakeModel) Performance() float64 { return m.performance }
func (m *fakeModel) Digest() string       { return m.digest }
func (m *fakeModel) Metrics() *canon.Object {
	if math.IsNaN(m.performance) {
		return canon.NewObject("status", "diverged")
	}
	return canon.NewObject("fit", m.performance)
}

// fakeCases is the number of cases; the error of case i is the model's and i more.
const fakeCases = 3

func (m *fakeModel) Cases() (out []int64) {
	if math.IsNaN(m.performance) {
		return nil
	}
	for i := range int64(fakeCases) {
		out = append(out, domain.CaseError(float32(-m.performance))+i)
	}
	return out
}

func (m *fakeModel) Score(_ context.Context, s *domain.Synthetic) (float64, error) {
	return math.Abs(m.performance - s.Series[0]), nil
}
func (m *fakeModel) Infer(_ context.Context, in *canon.Object) (*canon.Object, error) {
	if in.Len() == 0 {
		return nil, fmt.Errorf("%w: empty", domain.ErrInput)
	}
	return canon.NewObject("answer", m.performance), nil
}

func (d *fakeDomain) Naive() domain.Model { return &fakeModel{performance: -100} }

func (d *fakeDomain) Check(p *canon.Object) error {
	x, err := p.Float("x")
	if err != nil {
		return fmt.Errorf("%w: %w", domain.ErrRecipe, err)
	}
	if x == 3 {
		return domain.ErrDataHash
	}
	return nil
}

// Claim is the mean over the seeds; the digest covers it.
func (d *fakeDomain) Claim(ctx context.Context, p *canon.Object, seeds []uint64, each domain.Each) (domain.Model, error) {
	if err := d.Check(p); err != nil {
		return nil, err
	}
	x, _ := p.Float("x")
	do, _ := p.StringOr("do", "")
	list := make([]float64, len(seeds))
	err := each.Or()(ctx, len(seeds), func(ctx context.Context, i int) error {
		if do != "" {
			if err := d.misbehave(ctx, do); err != nil {
				return err
			}
		}
		list[i] = -(x-1)*(x-1) - float64(seeds[i]%1000)/1e6
		return nil
	})
	if err != nil {
		return nil, err
	}
	m := &fakeModel{}
	for _, v := range list {
		m.performance += v / float64(len(list))
	}
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, math.Float64bits(m.performance)))
	m.digest = hex.EncodeToString(sum[:])
	if do == "diverge" {
		m.performance = math.NaN()
	}
	return m, nil
}

func (d *fakeDomain) Try(ctx context.Context, t domain.Trial, each domain.Each) (domain.Tried, error) {
	m, err := d.Claim(ctx, t.Parameters, []uint64{t.Seed}, each)
	if err != nil {
		return domain.Tried{}, err
	}
	return domain.Tried{Performance: m.Performance(), Status: "completed", Metrics: m.Metrics()}, nil
}

var hog [][]byte // what "hog" holds on to

// company is where two jobs meet that die together.
var company = func() *sync.WaitGroup {
	var both sync.WaitGroup
	both.Add(2)
	return &both
}()

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (d *fakeDomain) misbehave(ctx context.Context, do string) error {
	what, arg, _ := strings.Cut(do, ":")
	switch what {
	case "die together": // once with another job, then once alone: the files remember
		if together := filepath.Join(filepath.Dir(arg), "together"); !exists(together) {
			company.Done()
			company.Wait()
			_ = os.WriteFile(together, nil, 0o600)
			os.Exit(3)
		}
		if !exists(arg) {
			_ = os.WriteFile(arg, nil, 0o600)
			os.Exit(3)
		}
	case "die": // once: the file remembers
		if f, err := os.OpenFile(arg, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	case "die if good":
		if os.Args[1] == childMode+"good" {
			os.Exit(3)
		}
	case "die always":
		os.Exit(3)
	case "lose": // once: the file remembers
		if f, err := os.OpenFile(arg, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			return fmt.Errorf("fake: train: %w: fallen off the bus", ErrLost)
		}
	case "hang":
		select {}
	case "hog":
		for {
			b := make([]byte, 16<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hog = append(hog, b)
		}
	case "panic":
		panic("as asked")
	case "wait":
		d.started <- arg
		select {
		case <-d.release:
		case <-ctx.Done():
			return ctx.Err()
		}
	case "pause":
		n, _ := strconv.Atoi(arg)
		select {
		case <-time.After(time.Duration(n) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (d *fakeDomain) Generate(_ context.Context, seed uint32) (*domain.Synthetic, error) {
	return &domain.Synthetic{Hash: fmt.Sprint("h", seed), Series: []float64{float64(seed), 2}}, nil
}

func (d *fakeDomain) Parameters(g genome.Genome) *canon.Object { return fakeSpace.Object(g) }

func (d *fakeDomain) Genome(p *canon.Object) (genome.Genome, error) { return fakeSpace.Parse(p) }

// fakeSearch is a random walk: a generation is four points around the best,
// functions of seed and generation. "do" of the settings goes into the recipes.
type fakeSearch struct {
	spec SearchSpec
	last *Record
}

func newFakeSearch(spec SearchSpec) (Searcher, error) {
	return &fakeSearch{spec: spec, last: spec.Resume}, nil
}

func (s *fakeSearch) Generation(ctx context.Context, immigrants []Immigrant) (*Record, error) {
	r := &Record{Strategy: "fake", Seed: s.spec.Seed}
	center := 0.0
	if s.last != nil {
		r.Generation, r.Evaluations, r.Best = s.last.Generation+1, s.last.Evaluations, s.last.Best
		center = s.last.Best.Genome[0]
		leader := s.last.Best.Fitness
		for _, m := range immigrants {
			if m.Performance > leader {
				center, _ = m.Parameters.Float("x")
				leader = m.Performance
			}
		}
	}
	do, _ := s.spec.Settings.StringOr("do", "")
	var list []domain.Trial
	for i := range 4 {
		x := center + float64(float32(math.Sin(float64(s.spec.Seed)+float64(10*r.Generation+i))))
		x = min(max(float64(float32(x)), -4), 2)
		p := canon.NewObject("x", x)
		if do != "" {
			p.Set("do", do)
		}
		list = append(list, domain.Trial{Parameters: p, Seed: uint64(100*r.Generation + i)})
	}
	out, err := s.spec.Pool.Try(ctx, list)
	if err != nil {
		return nil, err
	}
	for i, t := range out {
		x, _ := list[i].Parameters.Float("x")
		row := Row{Index: i, Genome: []float64{x}, Parameters: list[i].Parameters, Fitness: t.Performance,
			Generation: r.Generation, Seed: list[i].Seed, Status: t.Status, Origin: "walk", Metrics: t.Metrics}
		r.Rows = append(r.Rows, row)
		r.Evaluations++
		if finite(t.Performance) && (r.Best == nil || t.Performance > r.Best.Fitness) {
			r.Best = &row
		}
	}
	s.last = r
	return r, nil
}

func fakeOptions(workers int) ServerOptions {
	return ServerOptions{
		Description: Description{Name: "fake-worker", Version: "1", Device: "none", Workers: workers, Plugins: []string{"fake"},
			Capabilities: []Capability{Exports}},
		NewDomain: func(plugin string, config *canon.Object) (domain.Domain, error) {
			if plugin != "fake" {
				return nil, fmt.Errorf("no plugin %q", plugin)
			}
			return &fakeDomain{config: config}, nil
		},
		NewSearch:  newFakeSearch,
		FrameBytes: 1 << 20,
	}
}

// childMode marks a run of the test binary as a worker, by its first argument.
const childMode = "child-mode="

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if mode, ok := strings.CutPrefix(os.Args[1], childMode); ok {
			child(mode)
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// child is a worker process, good or bad.
func child(mode string) {
	switch mode {
	case "good", "sturdy":
		if err := Serve(context.Background(), os.Stdin, os.Stdout, fakeOptions(2)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "v1": // as programs of the first version are
		o := fakeOptions(2)
		o.Description.Protocol = 1
		if err := Serve(context.Background(), onlyV1{os.Stdin}, os.Stdout, o); err != nil {
			os.Exit(1)
		}
	case "lines": // knows JSON lines and nothing else
		o := fakeOptions(2)
		o.Description.Capabilities = []Capability{JSONLines, Exports}
		r, in := io.Pipe()
		go onlyLines(in)
		if err := Serve(context.Background(), r, os.Stdout, o); err != nil {
			os.Exit(1)
		}
	case "exits":
		os.Exit(4)
	case "silent":
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "deaf":
		select {}
	case "text":
		fmt.Println("Hello! I am a program that prints, and prints more than twelve bytes.")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "oversize":
		b := binary.LittleEndian.AppendUint32(nil, 2)
		b = binary.LittleEndian.AppendUint64(b, 1<<62)
		_, _ = os.Stdout.Write(append(b, "{}"...))
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		childLies(mode)
	}
}

// onlyV1 ends the input at a header of another version than 1.
type onlyV1 struct{ r io.Reader }

func (o onlyV1) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	if strings.Contains(string(p[:n]), `"v": 2`) || strings.Contains(string(p[:n]), `"ahead"`) {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// onlyLines passes frames on and exits at a table, or a wish for one, of another form than JSON lines.
func onlyLines(w *io.PipeWriter) {
	for {
		f, err := ReadFrame(os.Stdin, 1<<20)
		if err != nil {
			w.CloseWithError(err)
			return
		}
		tables := f.Verb == VerbEvaluate || f.Verb == VerbGenerate || f.Verb == VerbExport || f.Verb == VerbOptimize && f.Kind == KindRequest
		if tables != (f.Form == table.JSONLines) || len(f.Body) > 0 && table.FormOf(f.Body) != table.JSONLines {
			os.Exit(5)
		}
		if WriteFrame(w, &f) != nil {
			return
		}
	}
}

// childLies answers everything as a good worker does, but for one verb.
func childLies(mode string) {
	verb, lie, _ := strings.Cut(mode, "=")
	description := fakeOptions(1).Description
	for {
		f, err := ReadFrame(os.Stdin, 1<<20)
		if err != nil {
			return
		}
		reply := Frame{ID: f.ID, Verb: f.Verb, Kind: KindReply, Data: description.Object()}
		if f.Verb == VerbConfigure {
			d := &fakeDomain{}
			info := infoOf(d)
			reply.Data = info.Object()
		}
		if f.Verb == Verb(verb) {
			switch lie {
			case "empty":
				reply.Data = nil
			case "id":
				reply.ID = f.ID + 1000
			case "record":
				reply.Kind = KindRecord
			case "kind":
				reply.Kind = "nothing"
			case "body":
				reply.Body = []byte("this is no arrow stream")
			case "nan":
				r := Result{Outcome: Outcome{Performance: math.NaN()}}
				reply.Body, _ = EncodeResults(memory.DefaultAllocator, table.Arrow, []Result{r})
			case "code":
				reply.Kind, reply.Data = KindError, canon.NewObject("code", 7)
			case "mute":
				continue
			}
		}
		if WriteFrame(os.Stdout, &reply) != nil {
			return
		}
	}
}
