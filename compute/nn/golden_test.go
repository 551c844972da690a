package nn

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/compute/rng"
)

var update = flag.Bool("update", false, "rewrite the results in testdata/golden: a new contract version")

func hexOf(h [32]byte) string { return hex.EncodeToString(h[:]) }

// goldenRun is one file of testdata/golden: a training on the surface and its committed result. A changed root is a
// changed contract.
type goldenRun struct {
	Comment  string  `json:"comment"`
	Contract string  `json:"contract"`
	Config   Config  `json:"config"`
	Key      rng.Key `json:"key"`
	// Training and Validation are numbers of samples; the second set follows the first.
	Training   int    `json:"training"`
	Validation int    `json:"validation"`
	Status     string `json:"status"`
	StopStep   int    `json:"stop_step"`
	BestStep   int    `json:"best_step"`
	Root       string `json:"root"`
}

func TestGoldenDigests(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden runs: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want goldenRun
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			r, err := Train(t.Context(), want.Config, want.Key,
				surface{want.Training, want.Key, 0}, surface{want.Validation, want.Key, want.Training})
			if err != nil {
				t.Fatal(err)
			}
			got := want
			got.Contract, got.Status, got.StopStep, got.BestStep = ContractVersion, r.Status.String(), r.StopStep, r.BestStep
			got.Root = hexOf(r.Root)
			gotJSON, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			gotJSON = append(gotJSON, '\n')
			if *update {
				if err := os.WriteFile(file, gotJSON, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if string(gotJSON) != string(data) {
				t.Errorf("result:\n%s\nwant:\n%s", gotJSON, data)
			}
		})
	}
}
