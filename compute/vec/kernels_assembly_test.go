package vec

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestAssemblyRequires checks from the generated assembly that the kernels for AVX2 use no instruction and no register that
// came later. They would pass every other test on a machine that has AVX-512.
func TestAssemblyRequires(t *testing.T) {
	data, err := os.ReadFile("kernels_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{"AVX": true, "AVX2": true, "BMI2": true, "FMA3": true, "SSE": true, "SSE2": true}
	later := regexp.MustCompile(`\b([XY](1[6-9]|2\d|3[01])|Z\d+|K\d)\b`)
	functions := 0
	for _, part := range strings.Split(string(data), "\n// func ")[1:] {
		name, _, _ := strings.Cut(part, "(")
		if !strings.HasSuffix(name, "AVX2") {
			continue
		}
		functions++
		if _, list, ok := strings.Cut(part, "// Requires: "); ok {
			list, _, _ = strings.Cut(list, "\n")
			for _, r := range strings.Split(list, ", ") {
				if !have[r] {
					t.Errorf("%s requires %s", name, r)
				}
			}
		}
		if r := later.FindString(part); r != "" {
			t.Errorf("%s uses %s", name, r)
		}
		if !strings.Contains(part, "VZEROUPPER\n\tRET") {
			t.Errorf("%s returns without VZEROUPPER", name)
		}
	}
	if functions < 20 {
		t.Errorf("found only %d functions for AVX2", functions)
	}
}
