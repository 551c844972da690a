package worker

import (
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// FuzzDecodeJobs: no table panics, and jobs that are read are written again.
func FuzzDecodeJobs(f *testing.F) {
	mem := memory.DefaultAllocator
	good, err := EncodeJobs(mem, table.Arrow, []Job{{Domain: "d", Parameters: canon.NewObject("x", 1.5), Seeds: []uint64{7, 1<<64 - 1}},
		{Domain: "d", Parameters: canon.NewObject(), Seeds: []uint64{0}, Base: &Recipe{canon.NewObject("x", 1), []uint64{5}},
			Synthetic: &SyntheticJob{Seed: 3, Incumbent: &Recipe{canon.NewObject("x", 2), []uint64{1}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}\n{\"parameters\": \"{}\", \"seed\": 18446744073709551615, \"synthetic_seed\": 3}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		jobs, err := DecodeJobs(mem, "d", data, 1<<20)
		if err != nil {
			return
		}
		if _, err := EncodeJobs(mem, table.Arrow, jobs); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzDecodeResults: whatever a worker replies is read or refused.
func FuzzDecodeResults(f *testing.F) {
	mem := memory.DefaultAllocator
	jobs := []Job{{Domain: "d", Parameters: canon.NewObject(), Seeds: []uint64{0}}, {Domain: "d", Parameters: canon.NewObject(), Seeds: []uint64{0}, Synthetic: &SyntheticJob{Seed: 3}}}
	good, err := EncodeResults(mem, table.Arrow, []Result{{Outcome: Outcome{Performance: -1, Digest: "ab", Metrics: canon.NewObject("m", 1)}}, {Err: ErrMemory}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}\n{\"performance\": -1, \"digest\": \"ab\", \"metrics\": \"{}\"}\n{\"error_code\": \"refused\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := DecodeResults(mem, jobs, data, 1<<20); err == nil && len(r) != len(jobs) {
			t.Fatalf("%d results of %d jobs", len(r), len(jobs))
		}
	})
}

// FuzzObjects: no description, information or list of immigrants panics.
func FuzzObjects(f *testing.F) {
	f.Add([]byte(`{"plugin":"p","data_hash":"ab","performance_metric":"mae","strategy":"ga","contract":"c","baselines":{},"defaults":{},` +
		`"higher_is_better":true,"space":[{"name":"x","kind":"int","low":0,"high":1}]}`))
	f.Add([]byte(`{"name":"w","version":"1","device":"cpu","workers":2,"protocol":1}`))
	f.Add([]byte(`{"immigrants":[{"parameters":{},"performance":-1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		_, _ = ParseDescription(o)
		_, _ = parseImmigrants(o)
		if i, err := ParseInfo(o); err == nil {
			if _, err := ParseInfo(i.Object()); err != nil {
				t.Fatalf("round trip of %s: %v", data, err)
			}
		}
	})
}
