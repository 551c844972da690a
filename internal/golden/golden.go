// Package golden loads the golden vector files that bind our code to the Python reference and
// runs their cases as subtests. It is imported by tests only.
//
// The files lie in the folder vectors beside this source. The environment variable DOIN_VECTORS
// names another folder of the same layout, so that the same tests can be run over data they
// have never seen. A file is an object with "cases", a list of {"name" or "kind" (either may be absent),
// "inputs", "expected"}, beside which it may carry context of its own.
package golden

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

// Case is one case of a vector file.
type Case struct {
	Name     string        // unique within the file; the subtest is named by it
	Kind     string        // the file's "kind" of the case, or ""
	Inputs   *canon.Object // never nil
	Expected *canon.Object // never nil
	Raw      *canon.Object // the case as it stands, for members beside inputs and expected
	File     *canon.Object // the whole file: extra context
}

//go:embed vectors/*.json
var embedded embed.FS

// read returns the bytes of file + ".json" and where they came from.
func read(file string) (data []byte, path string, err error) {
	if dir := os.Getenv("DOIN_VECTORS"); dir != "" {
		path = filepath.Join(dir, file+".json")
		data, err = os.ReadFile(path)
		return data, path, err
	}
	path = "vectors/" + file + ".json"
	data, err = embedded.ReadFile(path)
	return data, path, err
}

// Load returns the object in file + ".json"; it fails t if the file is missing or malformed.
func Load(t testing.TB, file string) *canon.Object {
	t.Helper()
	data, path, err := read(file)
	if err != nil {
		t.Fatalf("vectors: %v", err)
	}
	v, err := canon.ParseNonFinite(data)
	if err != nil {
		t.Fatalf("vectors: %s: %v", path, err)
	}
	o, err := canon.AsObject(v)
	if err != nil {
		t.Fatalf("vectors: %s: %v", path, err)
	}
	return o
}

// Cases returns the cases of file + ".json"; it fails t if there is none.
func Cases(t testing.TB, file string) []Case {
	t.Helper()
	whole := Load(t, file)
	list, err := whole.List("cases")
	if err != nil || len(list) == 0 {
		t.Fatalf("vectors: %s has no cases (%v)", file, err)
	}
	cases := make([]Case, len(list))
	for i, v := range list {
		o, err := canon.AsObject(v)
		if err != nil {
			t.Fatalf("vectors: %s: case %d: %v", file, i, err)
		}
		c := Case{Raw: o, File: whole, Inputs: canon.NewObject(), Expected: canon.NewObject()}
		c.Kind = text(o, "kind")
		if in, err := o.Object("inputs"); err == nil {
			c.Inputs = in
		}
		if want, err := o.Object("expected"); err == nil {
			c.Expected = want
		}
		cases[i] = c
	}
	nameAll(cases)
	return cases
}

// Run loads the cases of file + ".json" and runs f on each as the subtest file/case. It fails t
// if the file is missing or has no cases.
func Run(t *testing.T, file string, f func(t *testing.T, c Case)) {
	t.Helper()
	t.Run(file, func(t *testing.T) {
		for _, c := range Cases(t, file) {
			t.Run(c.Name, func(t *testing.T) { f(t, c) })
		}
	})
}

// nameAll names each case by its name, else its kind, else its index; a name that is not unique
// gets the index appended.
func nameAll(cases []Case) {
	count := map[string]int{}
	for i := range cases {
		c := &cases[i]
		c.Name = text(c.Raw, "name")
		if c.Name == "" {
			c.Name = c.Kind
		}
		c.Name = strings.NewReplacer("/", "_", " ", "_").Replace(c.Name)
		count[c.Name]++
	}
	for i := range cases {
		c := &cases[i]
		switch {
		case c.Name == "":
			c.Name = fmt.Sprintf("%03d", i)
		case count[c.Name] > 1:
			c.Name = fmt.Sprintf("%s_%03d", c.Name, i)
		}
	}
}

func text(o *canon.Object, key string) string {
	s, _ := o.String(key)
	return s
}
