package nn

import (
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// contractFiles are the files whose constants are part of the contract, all of them.
var contractFiles = []string{
	"../vec/exp.go", "../vec/log.go", "../vec/tanh.go", "../vec/gelu.go",
	"../rng/philox.go", "../rng/permutation.go", "../rng/normal.go", "../rng/purpose.go",
}

// constantsOf returns the constants and the tables of a file, as they are written in the source.
func constantsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := func(e ast.Expr) string {
		var b strings.Builder
		if err := printer.Fprint(&b, files, e); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	found := map[string]string{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST && decl.Tok != token.VAR {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			for i, name := range spec.Names {
				if table, ok := spec.Values[i].(*ast.CompositeLit); ok {
					var elements []string
					for _, e := range table.Elts {
						elements = append(elements, text(e))
					}
					found[name.Name] = strings.Join(elements, ", ")
					continue
				}
				found[name.Name] = text(spec.Values[i])
			}
		}
	}
	return found
}

// TestContractNamesEveryConstant compares the tables of constants in CONTRACT.md with the sources, both ways.
func TestContractNamesEveryConstant(t *testing.T) {
	page, err := os.ReadFile("../CONTRACT.md")
	if err != nil {
		t.Fatal(err)
	}
	stated := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		stated[m[1]] = m[2]
	}
	coded := map[string]string{
		"halfPi":      constantsOf(t, "schedule.go")["halfPi"],
		"normEpsilon": constantsOf(t, "norm.go")["normEpsilon"],
	}
	for _, f := range contractFiles {
		for name, value := range constantsOf(t, f) {
			coded[name] = value
		}
	}
	for name, value := range coded {
		if stated[name] != value {
			t.Errorf("%s is %s in the code and %q in CONTRACT.md", name, value, stated[name])
		}
	}
	for name, value := range stated {
		if _, ok := coded[name]; !ok && regexp.MustCompile(`^[-\d]`).MatchString(value) {
			t.Errorf("%s = %s stands in CONTRACT.md and not in the code", name, value)
		}
	}
	if !strings.HasPrefix(string(page), "# "+ContractVersion+"\n") {
		t.Errorf("CONTRACT.md is not the page of %s", ContractVersion)
	}
}

// TestContractNamesEveryWord: every kind of layer, activation, loss, schedule and optimizer, and every member of a genome,
// stands in CONTRACT.md as it is written in a task.
func TestContractNamesEveryWord(t *testing.T) {
	page, err := os.ReadFile("../CONTRACT.md")
	if err != nil {
		t.Fatal(err)
	}
	words := []string{
		string(Constant), string(Cosine), string(AdamW), string(SGD), "hidden", "layers", "synthetic",
		string(Dense), string(Conv1D), string(TCN), string(Flatten), string(LastStep), string(LayerNorm), string(Dropout),
	}
	for a := range activations {
		words = append(words, string(a))
	}
	for l := range losses {
		words = append(words, string(l))
	}
	var c Config
	c.fields(func(key string, _ any) { words = append(words, key) })
	new(Layer).fields(func(key string, _ any) { words = append(words, key) })
	for _, word := range words {
		if !regexp.MustCompile(`\b` + word + `\b`).Match(page) {
			t.Errorf("%s does not stand in CONTRACT.md", word)
		}
	}
}
