package worker

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

func sampleRecord() *Record {
	row := func(i int, f float64) Row {
		return Row{Index: i, Genome: []float64{0.1, float64(i)}, Parameters: canon.NewObject("x", 0.1, "n", i), Fitness: f,
			Generation: 2, Seed: ^uint64(i), Status: "completed", Origin: "random", Metrics: canon.NewObject("mae", 0.25)}
	}
	best := row(bestIndex, 1e-300)
	best.Raced = Raced{Seeds: 2, Expected: -0.125, Error: 0.1, Trainings: []Training{{^uint64(0), 0.1}, {0, 0.3}}}
	open := row(1, math.Inf(-1))
	open.Raced = Raced{Seeds: 0, Of: 1<<64 - 1}
	return &Record{Strategy: "ga", Seed: 1<<64 - 1, Generation: 3, Evaluations: 99, NoImprove: 1, Leader: 0.1 + 0.2, HasLeader: true,
		Average: -1.5, Plateau: true, Extra: map[string]string{"k": "v"}, Rows: []Row{row(0, 0.3), open, row(2, math.Copysign(0, -1))}, Best: &best}
}

func TestRecordRoundTrip(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, want := range []*Record{sampleRecord(), {Strategy: "x", Leader: 0}} {
		data, err := want.Encode(mem, table.Arrow)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeRecord(mem, data, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("DecodeRecord(Encode(r)) = %+v, want %+v", got, want)
		}
	}
}

// A training that failed has no number; records of searches that do not race have none of the columns.
func TestRecordTrainings(t *testing.T) {
	r := sampleRecord()
	r.Best.Trainings[1].Performance, r.Rows[1].Fitness = math.NaN(), -2 // an infinite one has no line
	for _, form := range []table.Form{table.Arrow, table.JSONLines} {
		data, err := r.Encode(memory.DefaultAllocator, form)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeRecord(memory.DefaultAllocator, data, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if x := got.Best.Trainings; len(x) != 2 || x[0] != r.Best.Trainings[0] || x[1].Seed != 0 || !math.IsNaN(x[1].Performance) {
			t.Errorf("trainings %v, want %v", x, r.Best.Trainings)
		}
		if p, q := got.Best.Promise(), got.Rows[0].Promise(); p != -0.125 || q != 0.3 {
			t.Errorf("Promise() = %v and %v, want what is expected and the fitness", p, q)
		}
	}
	r.Best = nil
	r.Rows[1].Of = 0
	data, err := r.Encode(memory.DefaultAllocator, table.Arrow)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := table.Decode(memory.DefaultAllocator, data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if len(tab.Columns) != 9 {
		t.Errorf("%d columns without a race, want 9", len(tab.Columns))
	}
}

func TestDecodeRecordRefuses(t *testing.T) {
	mem := memory.DefaultAllocator
	good, err := sampleRecord().Encode(mem, table.Arrow)
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, change func(*table.Table)) {
		t.Helper()
		tab, err := table.Decode(mem, good, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		change(tab)
		data, err := table.Encode(mem, tab)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeRecord(mem, data, 1<<20); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	texts := func(name string, v string) func(*table.Table) {
		return func(tab *table.Table) {
			c, _ := tab.Column(name)
			c.Values.([]string)[1] = v
		}
	}
	meta := func(k, v string) func(*table.Table) {
		return func(tab *table.Table) { tab.Metadata[k] = v }
	}
	f("version", meta("doin.record", "2"))
	f("seed", meta("seed", "-1"))
	f("generation", meta("generation", "x"))
	f("negative generation", meta("generation", "-1"))
	f("huge generation", meta("generation", "99999999999"))
	f("leader", meta("leader", "high"))
	f("parameters", texts("parameters", "[]"))
	f("metrics", texts("metrics", "{"))
	f("genome", texts("genome", "[true, \"x\"]"))
	f("missing column", func(tab *table.Table) { tab.Columns = tab.Columns[1:] })
	f("trainings", texts("trainings", "[[1]]"))
	f("training's seed", texts("trainings", "[[-1, 0.5]]"))
	f("training's performance", texts("trainings", `[[1, "x"]]`))
	f("too many trainings", texts("trainings", "["+strings.Repeat("[1, 2], ", domain.MaxSeeds)+"[1, 2]]"))
	f("seeds", func(tab *table.Table) {
		c, _ := tab.Column("seeds")
		c.Values.([]int64)[0] = domain.MaxSeeds + 1
	})
	f("missing error", func(tab *table.Table) {
		tab.Columns = slices.DeleteFunc(tab.Columns, func(c table.Column) bool { return c.Name == "error" })
	})
	f("null", func(tab *table.Table) { tab.Columns[3].Valid = []bool{true, false, true, true} })
	f("order", func(tab *table.Table) { tab.Columns[0].Values = []int64{0, 2, 1, -1} })
	f("two bests", func(tab *table.Table) { tab.Columns[0].Values = []int64{0, 1, -1, -1} })
}

func TestJobsRoundTrip(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	p := canon.NewObject("x", 1.0)
	want := []Job{
		{Domain: "d", Parameters: p, Seeds: []uint64{1<<64 - 1, 0}},
		{Domain: "d", Parameters: p, Seeds: []uint64{2}, Base: &Recipe{p, []uint64{9, 8}}, Synthetic: &SyntheticJob{Seed: 1<<32 - 1}},
		{Domain: "d", Parameters: p, Seeds: []uint64{1}, Synthetic: &SyntheticJob{Seed: 3, Incumbent: &Recipe{p, []uint64{4}}}},
	}
	data, err := EncodeJobs(mem, table.Arrow, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeJobs(mem, "d", data, 1<<20)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("DecodeJobs(EncodeJobs()) = %+v, %v", got, err)
	}
	results := []Result{
		{Outcome: Outcome{Performance: -0.5, Digest: strings.Repeat("d", 64), Metrics: canon.NewObject("a", 1), Paired: domain.Paired{S1: -2, S2: big.NewInt(20), N: 2}}},
		{Err: ErrDataHash},
		{Outcome: Outcome{Digest: strings.Repeat("e", 64), Metrics: canon.NewObject(), SyntheticScore: 1, IncumbentScore: 2, SyntheticDataHash: "h"}, Synthetic: true},
	}
	if data, err = EncodeResults(mem, table.Arrow, results); err != nil {
		t.Fatal(err)
	}
	back, err := DecodeResults(mem, want[:0:0], data, 1<<20)
	if err == nil {
		t.Errorf("results for no jobs: %+v", back)
	}
	if back, err = DecodeResults(mem, want, data, 1<<20); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(back[1].Err, ErrDataHash) {
		t.Errorf("result 1 = %+v", back[1])
	}
	back[1].Err = ErrDataHash
	if again, err := EncodeResults(mem, table.Arrow, back); err != nil || !bytes.Equal(again, data) {
		t.Errorf("DecodeResults(EncodeResults()) = %+v, want %+v", back, results)
	}
	want[0].Synthetic = want[1].Synthetic // asked for, and not answered
	if _, err := DecodeResults(mem, want, data, 1<<20); !errors.Is(err, errNonsense) {
		t.Errorf("missing scores: %v", err)
	}
	if data, err = EncodeJobs(mem, table.Arrow, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeJobs(mem, "d", data, 1<<20); err == nil {
		t.Error("no jobs were accepted")
	}
}

func FuzzDecodeRecord(f *testing.F) {
	mem := memory.DefaultAllocator
	good, err := sampleRecord().Encode(mem, table.Arrow)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeRecord(mem, data, 1<<20)
		if err != nil {
			return
		}
		if _, err := r.Encode(mem, table.Arrow); err != nil {
			t.Fatal(err)
		}
	})
}
