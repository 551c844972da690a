package config

import (
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

var update = flag.Bool("update", false, "rewrite keydocs.go and docs/configuration.md")

// structs are the types whose fields are keys, with the object that they are of.
var structs = map[string]string{"Config": "", "Network": "", "Chain": "", "Quorum": "", "Rounds": "", "Worker": "", "Record": "", "Log": "", "Limits": "",
	"Fees": "fee_config", "Domain": "domains[]", "Resources": "domains[].resource_limits", "Incentives": "domains[].incentive_config"}

var (
	keyWord   = regexp.MustCompile(`\b(?:Key ([a-z0-9_]+)|Keys ([a-z0-9_]+(?:, [a-z0-9_]+)* and [a-z0-9_]+))[,;.]? ?`)
	listMark  = regexp.MustCompile(`, | and `)
	lineKey   = regexp.MustCompile(`^([a-z0-9_]+)(?:, (.*))?$`)
	subject   = regexp.MustCompile(`^[A-Z]\w*(?:(?:, \w+)* and \w+)? (?:is|are) `)
	firstWord = regexp.MustCompile(`^[A-Z]\w* `)
	seeAlso   = regexp.MustCompile(`;? ?[Ss]ee \w+\.?`)
)

// docs reads the comments of the fields: they are the only place where a key is described.
func docs(t *testing.T) map[string]keyDoc {
	t.Helper()
	out := map[string]keyDoc{}
	for _, file := range []string{"config.go", "domain.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			object, known := structs[spec.Name.Name]
			body, isStruct := spec.Type.(*ast.StructType)
			if !known || !isStruct {
				return false
			}
			for _, field := range body.Fields.List {
				text := strings.Join(strings.Fields(field.Doc.Text()), " ")
				if at := keyWord.FindStringSubmatchIndex(text); at != nil {
					m := keyWord.FindStringSubmatch(text)
					in := object
					if in == "fee_config" { // whose members have the other form
						in = ""
					}
					for _, name := range listMark.Split(m[1]+m[2], -1) {
						out[docID(in, name)] = keyDoc{text: sentence(text[:at[0]]), bounds: clean(text[at[1]:])}
					}
				} else if m := lineKey.FindStringSubmatch(strings.TrimSpace(field.Comment.Text())); m != nil {
					out[docID(object, m[1])] = keyDoc{bounds: clean(m[2])}
				}
			}
			return false
		})
	}
	return out
}

// sentence is what a comment says of a field, without the field's name.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if cut := subject.ReplaceAllString(s, ""); cut != s {
		s = cut
	} else {
		s = firstWord.ReplaceAllString(s, "")
	}
	return clean(s)
}

func clean(s string) string {
	s = strings.TrimSpace(seeAlso.ReplaceAllString(s, ""))
	if s == "" {
		return s
	}
	for _, r := range [...][2]string{{"DataDir", "data_dir"}, {"RevealDelay", "reveal_delay"}, {"TargetBlockSize", "target_block_size"}, {"MinBaseFee", "min_base_fee"},
		{"island.MaxOpen", fmt.Sprint(island.MaxOpen)}, {"CurrentFormat", fmt.Sprint(CurrentFormat)}, {"MaxSeeds", fmt.Sprint(MaxSeeds)}, {"Nil", "Null"}, {"default Strict", "default strict"}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// TestKeyDocs: keydocs.go and docs/configuration.md are what the comments of the fields say.
func TestKeyDocs(t *testing.T) {
	found := docs(t)
	var b strings.Builder
	b.WriteString("// Code generated from the comments of the fields by go test -run TestKeyDocs -update; DO NOT EDIT.\n\npackage config\n\n")
	b.WriteString("// keyDoc is what a key is for, and its default and bounds in words.\ntype keyDoc struct{ text, bounds string }\n\nvar keyDocs = map[string]keyDoc{\n")
	for _, id := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(&b, "\t%q: {%q, %q},\n", id, found[id].text, found[id].bounds)
	}
	b.WriteString("}\n")
	code, err := format.Source([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "keydocs.go", string(code))
	if !maps.Equal(found, keyDocs) {
		return // the rest is of the next run: this program was built with the old ones
	}
	for _, table := range Tables() {
		for _, k := range table.Keys {
			if k.Text == "" && k.Range == "" && k.Name != "require_deterministic_seed" && table.Object != "domains[].migration" {
				t.Errorf("nothing is said of %q in %q: its field's comment needs \"Key %s, …\"", k.Name, table.Object, k.Name)
			}
		}
	}
	same(t, "../../../docs/configuration.md", manual())
}

// same compares a file with what it should be, or writes it.
func same(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not what the code says, %v: go generate ./cmd/doin-node/config, twice", path, err)
	}
}

// manual is docs/configuration.md.
func manual() string {
	var b strings.Builder
	b.WriteString(`# Configuration

Generated from the tables by which the file is read: ` + "`go generate ./cmd/doin-node/config`" + `.

One JSON object. Keys that begin with ` + "`$`" + ` are comments; an unknown key is an error that names the nearest known one. A fault of the
JSON is told with its line and column, every other one with its key, and all at once. Exit code 2: nothing was started.

` + "```sh" + `
doin-node config validate node.json     # says what is wrong, and asks the worker about every domain
doin-node config show node.json         # the whole configuration, defaults included
doin-node config schema > doin.schema.json
` + "```" + `

An editor that knows JSON Schema completes and checks the file: write ` + "`\"$schema\": \"./doin.schema.json\"`" + ` at its top.

What a plugin reads in ` + "`optimization_config`" + ` is in [data.md](data.md) for the built-in ones; ` + "`doin-worker keys --json`" + ` prints the names.
`)
	for _, t := range Tables() {
		title := "The file"
		if t.Object != "" {
			title = "`" + t.Object + "`"
		}
		fmt.Fprintf(&b, "\n## %s\n\n| key | value | default | |\n|---|---|---|---|\n", title)
		for _, k := range t.Keys {
			def := ""
			if k.Default != nil {
				def = "`" + string(canon.Default(k.Default)) + "`"
			}
			kind := k.Kind
			if k.Choices != nil {
				kind = "`" + strings.Join(k.Choices, "`, `") + "`"
			}
			text := strings.TrimSpace(k.Text + " " + k.Range)
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, kind, def, strings.ReplaceAll(text, "|", "\\|"))
		}
	}
	return b.String()
}

// TestObject: what a configuration says of itself is read as the same configuration.
func TestObject(t *testing.T) {
	for _, file := range []string{"testdata/every_key.json", "testdata/reference/quadratic.json"} {
		c, _, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		text := canon.Default(c.Object())
		again, _, err := Parse("again", text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", file, err, text)
		}
		if got := canon.Default(again.Object()); string(got) != string(text) {
			t.Errorf("%s: %s\nis read as %s", file, text, got)
		}
	}
}

// TestSchema: every key of a file is in the schema with the type that it has there, and nothing else may be.
func TestSchema(t *testing.T) {
	data, err := os.ReadFile("testdata/every_key.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := canon.ParseObject(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range against(Schema(), file, "") {
		t.Error(fault)
	}
	for _, c := range []struct{ key, value, want string }{
		{"prot", "5", "prot"}, {"port", `"x"`, "port"}, {"log_format", `"xml"`, "log_format"}, {"bootstrap_peers", "[5]", "bootstrap_peers"},
	} {
		bad, err := canon.ParseObject([]byte(`{"` + c.key + `": ` + c.value + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if faults := against(Schema(), bad, ""); len(faults) != 1 || !strings.Contains(faults[0], c.want) {
			t.Errorf("%s: %s has faults %q, want one of %s", c.key, c.value, faults, c.want)
		}
	}
}

// against holds a value against as much of JSON Schema as Schema uses.
func against(schema *canon.Object, v any, path string) (faults []string) {
	bad := func(why string) { faults = append(faults, path+": "+why) }
	if types, ok := schema.Get("type"); ok {
		list, ok := types.([]any)
		if !ok {
			list = []any{types}
		}
		if !slices.ContainsFunc(list, func(want any) bool { return isOf(want.(string), v) }) {
			bad(fmt.Sprintf("is no %v", types))
			return faults
		}
	}
	if enum, _ := schema.ListOr("enum", nil); enum != nil && !slices.Contains(enum, v) {
		bad(fmt.Sprintf("is none of %v", enum))
	}
	switch v := v.(type) {
	case []any:
		if items, err := schema.ObjectOr("items", nil); err == nil && items != nil {
			for i, e := range v {
				faults = append(faults, against(items, e, fmt.Sprintf("%s[%d]", path, i))...)
			}
		}
	case *canon.Object:
		known, err := schema.ObjectOr("properties", nil)
		if err != nil || known == nil {
			return faults
		}
		more, _ := schema.BoolOr("additionalProperties", true)
		for name, e := range v.All() {
			one, err := known.ObjectOr(name, nil)
			switch {
			case err == nil && one != nil:
				faults = append(faults, against(one, e, path+"."+name)...)
			case !more && !strings.HasPrefix(name, "$"):
				bad(name + " is unknown")
			}
		}
	}
	return faults
}

func isOf(kind string, v any) bool {
	switch v.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case int64:
		return kind == "integer" || kind == "number"
	case float64:
		return kind == "number"
	case []any:
		return kind == "array"
	case *canon.Object:
		return kind == "object"
	}
	return v == nil && kind == "null"
}
