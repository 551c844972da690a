package module

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// An absolute path; "//" of a comment is none.
	paths = regexp.MustCompile(`(?:^|[\s"'=:])/[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*`)
	// A list of bytes as the compiler writes constants and the texts of assert and printf.
	byteList   = regexp.MustCompile(`\{(\s*\d{1,3}\s*(?:,\s*\d{1,3}\s*)+)\}`)
	label      = regexp.MustCompile(`^(?:[$\w]+:\s*)+`)
	predicate  = regexp.MustCompile(`^@!?%?[\w$]+\s+`)
	opcode     = regexp.MustCompile(`^([a-z][a-z0-9_]*)((?:(?:\.|::)[A-Za-z0-9_]+)*)(\s|$)`)
	floatTypes = regexp.MustCompile(`^(f16|f16x2|bf16|bf16x2|tf32|f32|f32x2|f64|e4m3|e5m2|e4m3x2|e5m2x2)$`)
	called     = regexp.MustCompile(`^call\S*\s+(?:\([^)]*\)\s*,\s*)?([$%\w]+)`)
	defined    = regexp.MustCompile(`(?s)(\.extern\s+)?(?:\.\w+\s+)*\.func\s+(?:\.\w+\s+)*(?:\([^)]*\)\s*)?([$%\w]+)`)
	registers  = regexp.MustCompile(`%(clock|clock_hi|clock64|globaltimer|globaltimer_lo|globaltimer_hi|smid|nsmid|warpid|nwarpid)\b`)
	internal   = regexp.MustCompile(`[\w$]*_INTERNAL_[\w$]*`)
	sections   = regexp.MustCompile(`(?m)^\s*\.(loc|file|section)\b[^\n]*`)
	typeUses   = regexp.MustCompile(`\.(?:reg|param|local|shared|global|const)\b[^;{(]*?\.(f64|f16|f16x2|bf16|bf16x2)\b`)
)

// rounded are the operations that must say how they round: one that does not may be fused with another by whoever
// compiles it next.
var rounded = []string{"add", "sub", "mul", "fma", "mad", "div", "sqrt", "rcp"}

// inexact are the operations that no rounding makes exact.
var inexact = []string{"ex2", "lg2", "sin", "cos", "tanh", "rsqrt", "mma", "wmma", "wgmma", "tex", "tld4", "suld"}

// LintPTX returns what a module of PTX has that the contract forbids, one line for each; nil means nothing:
//
//   - float arithmetic that does not round to nearest even (.rn), is approximate (.approx, .full), flushes subnormals
//     (.ftz) or saturates (.sat);
//   - any float type but f32, and matrix or texture instructions;
//   - float atomics, whose order is not defined;
//   - calls of functions that are not in the module: the device's printf, malloc, assert, libdevice;
//   - clocks and numbers of multiprocessors, which no result may depend on;
//   - paths, line information, and names with internal linkage, which hold a hash of the source's path.
func LintPTX(text string) []string {
	var found []string
	say := func(what, where string) {
		found = append(found, fmt.Sprintf("%s: %s", what, strings.Join(strings.Fields(where), " ")))
	}
	for _, p := range paths.FindAllString(text, -1) {
		say("path", p)
	}
	text = comments.ReplaceAllString(text, "")
	for _, m := range byteList.FindAllStringSubmatch(text, -1) {
		if s := decode(m[1]); paths.MatchString(s) {
			say("path in a constant", strconv.Quote(s))
		}
	}
	for _, s := range sections.FindAllString(text, -1) {
		say("line information", s)
	}
	if strings.Contains(text, "f64") || strings.Contains(text, "f16") { // this search is slow
		for _, s := range typeUses.FindAllString(text, -1) {
			say("float type but f32", s)
		}
	}
	if name := internal.FindString(text); name != "" {
		say("internal linkage, named after the folder of the source", name)
	}
	functions := map[string]bool{}
	if strings.Contains(text, ".func") {
		for _, m := range defined.FindAllStringSubmatch(text, -1) {
			if m[1] == "" {
				functions[m[2]] = true
			} else {
				say("function outside of the module", m[2])
			}
		}
	}
	for _, s := range statements(text) {
		for _, offence := range lintStatement(s, functions) {
			say(offence, s)
		}
	}
	return found
}

// statements cuts a text without comments into instructions and directives, labels and predicates removed.
func statements(text string) []string {
	var out []string
	cut := func(r rune) bool { return r == ';' || r == '{' || r == '}' }
	for s := range strings.FieldsFuncSeq(text, cut) {
		s = strings.TrimSpace(s)
		if strings.Contains(s, ":") {
			s = label.ReplaceAllString(s, "")
		}
		if strings.HasPrefix(s, "@") {
			s = predicate.ReplaceAllString(s, "")
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// lintStatement returns what is wrong with one instruction.
func lintStatement(s string, functions map[string]bool) []string {
	var found []string
	if strings.Contains(s, "%") && registers.MatchString(s) {
		found = append(found, "clock or place")
	}
	m := opcode.FindStringSubmatch(s)
	if m == nil {
		return found
	}
	name, modifiers := m[1], strings.FieldsFunc(m[2], func(r rune) bool { return r == '.' || r == ':' })
	has := func(modifier string) bool { return slices.Contains(modifiers, modifier) }
	for _, bad := range []string{"approx", "full", "ftz", "sat", "satfinite", "relu"} {
		if has(bad) && (bad != "sat" || slices.ContainsFunc(modifiers, floatTypes.MatchString)) {
			found = append(found, "."+bad)
		}
	}
	float := false
	for _, t := range modifiers {
		if floatTypes.MatchString(t) {
			float = true
			if t != "f32" {
				found = append(found, "float type but f32")
			}
		}
	}
	switch {
	case slices.Contains(inexact, name):
		found = append(found, "operation that does not round once")
	case float && slices.Contains(rounded, name) && !has("rn"):
		found = append(found, "no .rn")
	case float && (name == "atom" || name == "red"):
		found = append(found, "float atomic")
	case float && name == "cvt" && !rightConversion(modifiers):
		found = append(found, "conversion without .rn")
	case name == "call":
		if c := called.FindStringSubmatch(s); c == nil || !functions[c[1]] {
			found = append(found, "call of a function outside of the module")
		}
	}
	return found
}

// rightConversion reports whether a conversion rounds to nearest even, or to an integer in a way that it names.
func rightConversion(modifiers []string) bool {
	return slices.ContainsFunc([]string{"rn", "rni", "rzi", "rmi", "rpi"}, func(r string) bool { return slices.Contains(modifiers, r) })
}

func decode(list string) string {
	var b []byte
	for n := range strings.SplitSeq(list, ",") {
		if v, err := strconv.ParseUint(strings.TrimSpace(n), 10, 8); err == nil {
			b = append(b, byte(v))
		}
	}
	return string(b)
}
