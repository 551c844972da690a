package kernels

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hostOnly are constants that no kernel needs: normal draws and the schedule's cosine are computed on the host.
var hostOnly = regexp.MustCompile(`^(quantile\w+|cosTerms|halfPi)$`)

// purposes are the contract's names of the draws that a kernel makes, and the kernels'.
var purposes = map[string]string{"InitWeights": "PURPOSE_WEIGHTS", "Minibatch": "PURPOSE_MINIBATCH", "Dropout": "PURPOSE_DROPOUT"}

var (
	tableRow  = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `([^`]+)` \\|")
	constexpr = regexp.MustCompile(`\bconstexpr\s+(f32|float|u32|i32)\s+(\w+)\s*=\s*([^;]+);`)
	purpose   = regexp.MustCompile(`\b(PURPOSE_\w+)\s*=\s*(\d+)`)
	heading   = regexp.MustCompile(`(?m)^## (\d+)\.`)
	floatText = regexp.MustCompile(`^-?0x[0-9a-f.]+p[+-]\d+$`)
	intText   = regexp.MustCompile(`^(0x)?[0-9a-f]+$`)
)

// contractTables returns the rows of the tables of constants in some chapters of CONTRACT.md.
func contractTables(page string, chapters ...string) map[string]string {
	rows := map[string]string{}
	starts := heading.FindAllStringSubmatchIndex(page, -1)
	for i, s := range starts {
		end := len(page)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		if slices.Contains(chapters, page[s[2]:s[3]]) {
			for _, m := range tableRow.FindAllStringSubmatch(page[s[0]:end], -1) {
				rows[m[1]] = m[2]
			}
		}
	}
	return rows
}

// compareConstants returns every difference between CONTRACT.md and the kernels' sources.
func compareConstants(page, source string) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	source = cComments.ReplaceAllString(source, "")
	coded := map[string]string{}
	for _, m := range constexpr.FindAllStringSubmatch(source, -1) {
		kind, name, text := m[1], m[2], strings.TrimSpace(m[3])
		value, isFloat := strings.CutSuffix(text, "f")
		if kind == "f32" || kind == "float" {
			if !isFloat {
				continue // made of others
			}
		} else if value = strings.TrimSuffix(text, "u"); !intText.MatchString(value) {
			continue
		}
		if before, ok := coded[name]; ok && before != value {
			say("%s is %s and %s in the kernels", name, before, value)
		}
		coded[name] = value
	}
	numbers := map[string]string{}
	for _, m := range purpose.FindAllStringSubmatch(source, -1) {
		numbers[m[1]] = m[2]
	}
	stated := contractTables(page, "3", "4", "8")
	for _, name := range slices.Sorted(maps.Keys(stated)) {
		want := stated[name]
		if code, ok := purposes[name]; ok {
			if numbers[code] != want {
				say("%s is %s in CONTRACT.md and %s = %q in the kernels", name, want, code, numbers[code])
			}
			continue
		}
		isConstant := floatText.MatchString(want) || intText.MatchString(want) && name[0] >= 'a'
		if isConstant && !hostOnly.MatchString(name) && coded[name] != want {
			say("%s is %s in CONTRACT.md and %q in the kernels", name, want, coded[name])
		}
	}
	for name, value := range coded {
		if _, ok := stated[name]; !ok && floatText.MatchString(value) {
			say("%s = %s stands in the kernels and not in CONTRACT.md", name, value)
		}
	}
	return found
}

func allSources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, name := range Sources() {
		text, err := Source(name)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
		b.WriteString("\n")
	}
	return b.String()
}

// TestConstants compares the constants in CONTRACT.md with the kernels', both ways.
func TestConstants(t *testing.T) {
	page := readFile(t, "../compute/CONTRACT.md")
	if n := len(contractTables(page, "3", "4", "8")); n < 60 {
		t.Fatalf("%d constants found in CONTRACT.md", n)
	}
	for _, d := range compareConstants(page, allSources(t)) {
		t.Error(d)
	}
}

// TestConstantsPlanted changes the kernels in one place at a time.
func TestConstantsPlanted(t *testing.T) {
	page, source := readFile(t, "../compute/CONTRACT.md"), allSources(t)
	f := func(pattern, new string) {
		t.Helper()
		r := regexp.MustCompile(pattern)
		if !r.MatchString(source) {
			t.Fatalf("no source has %q", pattern)
		}
		before := len(compareConstants(page, source))
		if found := compareConstants(page, r.ReplaceAllLiteralString(source, new)); len(found) <= before {
			t.Errorf("%q for %q: not noticed", new, pattern)
		}
	}
	f(`expMin = -0x1\.cp\+6f`, "expMin = -0x1.cp+5f")
	f(`expP6 = `, "expP7 = ")
	f(`0xd2511f53u`, "0xd2511f54u")
	f(`feistelFold = 15`, "feistelFold = 16")
	f(`normEpsilon = 0x1p-17f`, "normEpsilon = 0x1p-16f")
	f(`PURPOSE_DROPOUT = 3`, "PURPOSE_DROPOUT = 4")
	f(`constexpr u32 signBit`, "constexpr f32 expP9 = 0x1p-3f; constexpr u32 signBit")
}
