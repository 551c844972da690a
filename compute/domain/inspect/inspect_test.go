package inspect_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"doin.network/node/compute/domain/inspect"
	"doin.network/node/internal/canon"
)

var update = flag.Bool("update", false, "rewrite testdata and the tables of docs/data.md")

// try inspects a file. Errors do not name it.
func (k *kase) try(t *testing.T, file string) (*inspect.Report, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	o := inspect.Options{Task: k.task}
	if k.settings != "" {
		var err error
		if o.Settings, err = canon.ParseObject([]byte(k.settings)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := inspect.File(path, o)
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), path+": ", ""))
	}
	return r, err
}

// TestCases: what is listed in docs/data.md is so.
func TestCases(t *testing.T) {
	list := cases(t)
	if len(list) < 60 {
		t.Errorf("%d cases, want at least 60", len(list))
	}
	hashes := map[string]string{} // of twins, by text and task
	results := make([]string, len(list))
	for i := range list {
		k := &list[i]
		t.Run(k.kind+"/"+k.name, func(t *testing.T) {
			r, err := k.try(t, k.file)
			if k.refuses != nil {
				results[i] = k.refused(t, r, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			results[i] = r.Task
			if k.twin != "" {
				if hashes[k.task+k.twin] == "" {
					twin := kase{task: k.task}
					tidy, err := twin.try(t, k.twin)
					if err != nil {
						t.Fatalf("the tidy file: %v", err)
					}
					hashes[k.task+k.twin] = tidy.Description.DataHash
				}
				if want := hashes[k.task+k.twin]; r.Description.DataHash != want {
					t.Errorf("data_hash %.16s, that of the tidy file is %.16s: %s, %q", r.Description.DataHash, want, r.Description.Defaults.GoString(), r.Notes)
				}
				results[i] += ", as the tidy file"
			}
			for _, want := range k.shows {
				key, value, _ := strings.Cut(want, " ")
				got, _ := r.Description.Defaults.Get(key)
				text, ok := got.(string)
				if !ok {
					text = string(canon.Default(got))
				}
				if text != value {
					t.Errorf("%s = %s, want %s", key, text, value)
				}
				results[i] += fmt.Sprintf(", %s `%s`", key, value)
			}
			for _, want := range k.notes {
				if !strings.Contains(strings.Join(r.Notes, "\n"), want) {
					t.Errorf("notes %q, want %q among them", r.Notes, want)
				}
			}
			if len(k.notes) > 0 {
				for _, n := range r.Notes {
					if strings.Contains(n, k.notes[0]) {
						results[i] += "; " + n
					}
				}
			}
		})
	}
	if !t.Failed() {
		compare(t, "cases", table(list, results))
	}
}

// refused checks the sentence of a refusal, and returns it.
func (k *kase) refused(t *testing.T, r *inspect.Report, err error) string {
	t.Helper()
	if err == nil {
		t.Fatalf("loads as %s, want a refusal: %s, %q", r.Task, r.Config.GoString(), r.Notes)
	}
	for _, want := range k.refuses {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %q in it", err, want)
		}
	}
	return "refused: " + strings.TrimPrefix(err.Error(), "data: ")
}

// table writes the cases as the page has them.
func table(list []kase, results []string) string {
	var b strings.Builder
	b.WriteString("| kind | case | for example | becomes |\n|---|---|---|---|\n")
	cell := func(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }
	for i := range list {
		k := &list[i]
		sample := k.sample
		if sample == "" {
			sample = k.example(results[i])
		}
		if sample != "" {
			sample = "`" + cell(sample) + "`"
		}
		result := cell(results[i])
		if k.settings != "" {
			result = "with `" + cell(k.settings) + "`: " + result
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", k.kind, cell(k.name), sample, result)
	}
	return b.String()
}

// example is the line of a file of plain text that a result is about: the one that it names, else what stands before the names of the
// columns, else the first row.
func (k *kase) example(result string) string {
	lines := strings.FieldsFunc(k.file, func(r rune) bool { return r == '\n' || r == '\r' })
	at := 2
	if m := named.FindStringSubmatch(result); m != nil {
		at, _ = strconv.Atoi(m[1])
	} else if len(lines) > 1 && strings.HasPrefix(lines[1], "month") {
		at = 1
	}
	if at > len(lines) || !utf8.ValidString(lines[at-1]) || strings.ContainsFunc(lines[at-1], func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
		return ""
	}
	return strings.ReplaceAll(lines[at-1], "\t", "⇥")
}

// named finds the line of a result.
var named = regexp.MustCompile(`^refused: line (\d+):`)

const manual = "../../../docs/data.md"

// compare compares a table of the page, between two marks, with what it should be, or writes it.
func compare(t *testing.T, name, want string) {
	t.Helper()
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, ok := strings.Cut(string(data), begin)
	got, after, closed := strings.Cut(rest, end)
	switch {
	case !ok || !closed:
		t.Fatalf("%s has no %q", manual, begin)
	case got == want:
	case *update:
		if err := os.WriteFile(manual, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: the table of %s is not what the code says: go test ./compute/domain/inspect -update", manual, name)
	}
}
