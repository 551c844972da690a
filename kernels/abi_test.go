package kernels

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mirrored are the structs of abi.cuh by their names.
var mirrored = map[string]reflect.Type{
	"Op":         reflect.TypeFor[Op](),
	"Segment":    reflect.TypeFor[Segment](),
	"Program":    reflect.TypeFor[Program](),
	"Individual": reflect.TypeFor[Individual](),
	"Args":       reflect.TypeFor[Args](),
	"ProbeArgs":  reflect.TypeFor[ProbeArgs](),
}

// member is one of a struct: of C, or of Go translated to C's names.
type member struct {
	name, kind   string
	offset, size int
}

// goKinds are the types of members: of C, and Go's for them. A pointer is "*".
var goKinds = map[string]string{"i32": "int32", "u32": "uint32", "u64": "uint64", "f32": "float32", "*": "kernels.Memory"}

var (
	cComments = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	cStruct   = regexp.MustCompile(`(?s)\bstruct\s+(\w+)\s*\{(.*?)\};`)
	cEnum     = regexp.MustCompile(`(?s)\benum\s*\w*\s*\{(.*?)\}`)
)

// parseStructs returns the structs of a CUDA source with the layout that host and device give them.
func parseStructs(source string) (map[string][]member, error) {
	structs := map[string][]member{}
	for _, s := range cStruct.FindAllStringSubmatch(cComments.ReplaceAllString(source, ""), -1) {
		var members []member
		at := 0
		for declaration := range strings.SplitSeq(s[2], ";") {
			declaration = strings.TrimSpace(strings.Join(strings.Fields(declaration), " "))
			if declaration == "" {
				continue
			}
			kind, names, ok := strings.Cut(strings.TrimPrefix(declaration, "const "), " ")
			if !ok {
				return nil, fmt.Errorf("struct %s: %q", s[1], declaration)
			}
			for name := range strings.SplitSeq(names, ",") {
				name = strings.TrimSpace(name)
				kind, size := kind, 4
				if rest, pointer := strings.CutPrefix(name, "*"); pointer {
					name, kind = rest, "*"
				}
				if kind == "*" || kind == "u64" {
					size = 8
				}
				if goKinds[kind] == "" {
					return nil, fmt.Errorf("struct %s: %q has a type that is not known", s[1], declaration)
				}
				if at%size != 0 {
					return nil, fmt.Errorf("struct %s: padding before %s", s[1], name)
				}
				members = append(members, member{name, kind, at, size})
				at += size
			}
		}
		if structs[s[1]] != nil {
			return nil, fmt.Errorf("struct %s is there twice", s[1])
		}
		structs[s[1]] = members
	}
	return structs, nil
}

// parseEnums returns the constants of a CUDA source's enums, every one with its value written out.
func parseEnums(source string) (map[string]int64, error) {
	values := map[string]int64{}
	for _, e := range cEnum.FindAllStringSubmatch(cComments.ReplaceAllString(source, ""), -1) {
		for item := range strings.SplitSeq(e[1], ",") {
			if item = strings.TrimSpace(item); item == "" {
				continue
			}
			name, text, ok := strings.Cut(item, "=")
			v, err := strconv.ParseInt(strings.TrimSpace(text), 0, 64)
			if name = strings.TrimSpace(name); !ok || err != nil {
				return nil, fmt.Errorf("constant %q without a number", item)
			}
			values[name] = v
		}
	}
	return values, nil
}

// camel is OP_DROPOUT_BACK as Go writes it: OpDropoutBack.
func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
	}
	return b.String()
}

// compareABI returns every difference between a source and the Go side.
func compareABI(source string, goTypes map[string]reflect.Type, goConstants map[string]int64) []string {
	structs, err := parseStructs(source)
	if err != nil {
		return []string{err.Error()}
	}
	enums, err := parseEnums(source)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for name, members := range structs {
		t, ok := goTypes[name]
		if !ok {
			say("struct %s is not in abi.go", name)
			continue
		}
		size := 0
		for i, m := range members {
			size = m.offset + m.size
			if i >= t.NumField() {
				say("%s.%s is not in abi.go", name, m.name)
				continue
			}
			f := t.Field(i)
			want := member{strings.ToUpper(m.name[:1]) + m.name[1:], goKinds[m.kind], m.offset, m.size}
			got := member{f.Name, f.Type.String(), int(f.Offset), int(f.Type.Size())}
			if got != want {
				say("%s, member %d: abi.go has %v, abi.cuh %v", name, i, got, want)
			}
		}
		if t.NumField() > len(members) {
			say("%s.%s is not in abi.cuh", name, t.Field(len(members)).Name)
		}
		if int(t.Size()) != size {
			say("%s has %d bytes in Go and %d in abi.cuh", name, t.Size(), size)
		}
	}
	for name := range goTypes {
		if structs[name] == nil {
			say("struct %s is not in abi.cuh", name)
		}
	}
	stated := map[string]bool{}
	for name, v := range enums {
		stated[camel(name)] = true
		if got, ok := goConstants[camel(name)]; !ok || got != v {
			say("%s = %d is %s = %d (there: %v) in abi.go", name, v, camel(name), got, ok)
		}
	}
	for name := range goConstants {
		if !stated[name] {
			say("%s is not in abi.cuh", name)
		}
	}
	return found
}

// abiGo returns the constants of abi.go, and the names of its structs.
func abiGo(t *testing.T) (constants map[string]int64, structs []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "abi.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("kernels", files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	constants = map[string]int64{}
	for _, name := range pkg.Scope().Names() {
		switch o := pkg.Scope().Lookup(name).(type) {
		case *types.Const:
			v, exact := constant.Int64Val(constant.ToInt(o.Val()))
			if !exact {
				t.Fatalf("%s is no integer", name)
			}
			constants[name] = v
		case *types.TypeName:
			if _, ok := o.Type().Underlying().(*types.Struct); ok {
				structs = append(structs, name)
			}
		}
	}
	return constants, structs
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestABI compares abi.go with abi.cuh, both ways.
func TestABI(t *testing.T) {
	constants, structs := abiGo(t)
	for _, d := range compareABI(readFile(t, "abi.cuh"), mirrored, constants) {
		t.Error(d)
	}
	for _, name := range structs {
		if _, ok := mirrored[name]; !ok && name != "Properties" {
			t.Errorf("this test does not compare %s", name)
		}
	}
}

// TestABIPlanted changes abi.cuh in one place at a time; each must be noticed.
func TestABIPlanted(t *testing.T) {
	source := readFile(t, "abi.cuh")
	constants, _ := abiGo(t)
	f := func(old, new string) {
		t.Helper()
		if !strings.Contains(source, old) {
			t.Fatalf("abi.cuh has no %q", old)
		}
		changed := strings.Replace(source, old, new, 1)
		if found := compareABI(changed, mirrored, constants); len(found) == 0 {
			t.Errorf("%q for %q: not noticed", new, old)
		}
	}
	f("i32 x, xs;", "i32 xs, x;")
	f("i32 x, xs;", "i32 x;")
	f("i32 x, xs;", "i32 x, xs, xt;")
	f("i32 x, xs;", "u32 x, xs;")
	f("u64 workStride;", "u32 workStride;")
	f("u32 *next;", "u32 next;")
	f("OP_PRODUCT = 1", "OP_PRODUCT = 91")
	f("OP_PRODUCT = 1,", "")
	f("OP_PRODUCT = 1,", "OP_PRODUCT = 1, OP_OTHER = 92,")
	f("ACT_RELU = 1", "ACT_RELU")
	f("struct Segment", "struct Segments")
	f("ACT_RELU", "ACT_RELUX")
	f("i32 at, rows, cols, stride;", "short at, rows, cols, stride;")
}
