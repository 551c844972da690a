package golden_test

import (
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/internal/golden"
)

func TestNames(t *testing.T) {
	dir := t.TempDir()
	text := `{"cases":[{"kind":"k","inputs":{"a":NaN}},{"kind":"k"},{"name":"a/b c","kind":"x"},{}]}`
	if err := os.WriteFile(filepath.Join(dir, "f.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOIN_VECTORS", dir)
	want := []string{"k_000", "k_001", "a_b_c", "003"}
	for i, c := range golden.Cases(t, "f") {
		if c.Name != want[i] || c.Inputs == nil || c.Expected == nil || !c.File.Has("cases") {
			t.Errorf("case %d = %+v, want name %s", i, c, want[i])
		}
	}
	ran := 0
	golden.Run(t, "f", func(t *testing.T, c golden.Case) { ran++ })
	if ran != len(want) {
		t.Errorf("Run ran %d cases", ran)
	}
}

func TestFilesLoad(t *testing.T) {
	files, err := filepath.Glob("vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		golden.Load(t, name[:len(name)-len(".json")])
	}
}
