package ptxrun

import (
	"fmt"
	"strconv"
	"strings"
)

// parser reads tokens; scopes are the registers of the braces that are open.
type parser struct {
	tokens []token
	at     int
	entry  *Entry
	scopes []map[string]declared
	names  map[string]*register // those in use, by their C++ names
	fresh  int
	labels map[string]int // 1: used, 2: defined
	shared string         // name of the dynamic shared array
}

// declared is a register or, where count is not 0, registers 0 … count−1 behind a prefix.
type declared struct {
	kind   string
	count  int
	suffix string // of the C++ name, which tells scopes apart
}

// Parse reads an image as the compiler writes it, strictly: what is not known is an error that names line and text. Entries
// have one parameter, an array of bytes, and one dimension. The error wraps ErrPTX.
func Parse(name, text string) (*Module, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &parser{tokens: tokens}
	m := &Module{Name: name}
	for p.at < len(p.tokens) {
		if err := p.top(m); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return m, nil
}

func (p *parser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at].text
	}
	return ""
}

func (p *parser) line() int {
	if len(p.tokens) == 0 {
		return 1
	}
	return p.tokens[min(p.at, len(p.tokens)-1)].line
}

func (p *parser) next() string {
	t := p.peek()
	p.at++
	return t
}

func (p *parser) accept(text string) bool {
	if p.peek() == text {
		p.at++
		return true
	}
	return false
}

// expect takes the tokens of a text that has spaces between them.
func (p *parser) expect(text string) error {
	for want := range strings.FieldsSeq(text) {
		if !p.accept(want) {
			return p.bad("%q where %q must be", p.peek(), want)
		}
	}
	return nil
}

func (p *parser) bad(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrPTX, p.line(), fmt.Sprintf(format, args...))
}

// number takes a decimal number that is not negative.
func (p *parser) number(into *int) error {
	n, err := strconv.ParseUint(p.peek(), 10, 31)
	if err != nil {
		return p.bad("%q where a number must be", p.peek())
	}
	p.at++
	*into = int(n)
	return nil
}

// top reads a directive of the module.
func (p *parser) top(m *Module) error {
	switch t := p.next(); t {
	case ".version":
		if v := p.next(); v != "7.8" {
			p.at--
			return p.bad("version %s, not 7.8", v)
		}
		return nil
	case ".target":
		if v := p.next(); v != "sm_80" {
			p.at--
			return p.bad("target %s, not sm_80", v)
		}
		return nil
	case ".address_size":
		return p.expect("64")
	case ".extern":
		return p.externShared()
	case ".visible":
		if err := p.expect(".entry"); err != nil {
			return err
		}
		e, err := p.readEntry()
		if err != nil {
			return err
		}
		for _, other := range m.Entries {
			if other.Name == e.Name {
				return p.bad("entry %s twice", e.Name)
			}
		}
		m.Entries = append(m.Entries, e)
		return nil
	default:
		p.at--
		return p.bad("directive %q", t)
	}
}

func (p *parser) externShared() error {
	if err := p.expect(".shared .align 16 .b8"); err != nil {
		return err
	}
	p.shared = p.next()
	return p.expect("[ ] ;")
}

func (p *parser) readEntry() (*Entry, error) {
	e := &Entry{Line: p.line(), Name: p.next()}
	if !plain(e.Name) {
		return nil, p.bad("entry %q", e.Name)
	}
	if err := p.expect("( .param .align 8 .b8"); err != nil {
		return nil, err
	}
	e.parameter = p.next()
	if err := p.expect("["); err != nil {
		return nil, err
	}
	if err := p.number(&e.ParameterBytes); err != nil {
		return nil, err
	}
	if err := p.expect("] )"); err != nil {
		return nil, err
	}
	for p.peek() != "{" {
		var ignored int
		switch t := p.next(); t {
		case ".maxntid":
			if err := p.number(&e.MaxThreads); err != nil {
				return nil, err
			}
			if err := p.expect(", 1 , 1"); err != nil {
				return nil, err
			}
		case ".minnctapersm", ".maxnreg":
			if err := p.number(&ignored); err != nil {
				return nil, err
			}
		default:
			p.at--
			return nil, p.bad("directive %q", t)
		}
	}
	if e.MaxThreads < 1 || e.MaxThreads > 1024 {
		return nil, p.bad("entry %s: .maxntid of 1 to 1024 is wanted", e.Name)
	}
	p.entry, p.scopes = e, nil
	p.names, p.labels = map[string]*register{}, map[string]int{}
	if err := p.body(); err != nil {
		return nil, err
	}
	for l, state := range p.labels {
		if state&2 == 0 {
			return nil, p.bad("entry %s: label %s is nowhere", e.Name, l)
		}
	}
	return e, nil
}

// plain reports whether a name is one in C++ too.
func plain(name string) bool {
	for i := range len(name) {
		if c := name[i]; !inWord(c) || strings.IndexByte("%$.", c) >= 0 || i == 0 && c >= '0' && c <= '9' {
			return false
		}
	}
	return name != ""
}

// body reads an entry's braces.
func (p *parser) body() error {
	for {
		switch t := p.peek(); {
		case t == "":
			return p.bad("the text ends within an entry")
		case p.accept("{"):
			p.fresh++
			p.scopes = append(p.scopes, map[string]declared{})
		case p.accept("}"):
			if p.scopes = p.scopes[:len(p.scopes)-1]; len(p.scopes) == 0 {
				return nil
			}
		case p.accept(".reg"):
			if err := p.declare(); err != nil {
				return err
			}
		case p.accept(".local"):
			if err := p.local(); err != nil {
				return err
			}
		case p.accept(".pragma"):
			if err := p.expect(`"nounroll" ;`); err != nil {
				return err
			}
		case strings.HasPrefix(t, "."):
			return p.bad("directive %q", t)
		default:
			if err := p.statement(); err != nil {
				return err
			}
		}
	}
}

// kinds are the types that registers have.
var kinds = map[string]string{
	".pred": "pred", ".b16": "b16", ".u16": "u16", ".s16": "s16", ".b32": "b32", ".u32": "u32", ".s32": "s32",
	".b64": "b64", ".u64": "u64", ".s64": "s64", ".f32": "f32",
}

// declare reads what stands behind .reg.
func (p *parser) declare() error {
	kind, ok := kinds[p.peek()]
	if !ok {
		return p.bad("registers of type %q", p.peek())
	}
	p.at++
	for {
		name := p.next()
		if !strings.HasPrefix(name, "%") || !plain(name[1:]) {
			p.at--
			return p.bad("register %q", name)
		}
		d := declared{kind: kind}
		if len(p.scopes) > 1 {
			d.suffix = fmt.Sprintf("_%d", p.fresh)
		}
		if p.accept("<") {
			if err := p.number(&d.count); err != nil {
				return err
			}
			if err := p.expect(">"); err != nil {
				return err
			}
		}
		p.scopes[len(p.scopes)-1][name] = d
		if p.accept(";") {
			return nil
		}
		if err := p.expect(","); err != nil {
			return err
		}
	}
}

// local reads what stands behind .local.
func (p *parser) local() error {
	var a array
	if err := p.expect(".align"); err != nil {
		return err
	}
	if err := p.number(&a.align); err != nil {
		return err
	}
	if err := p.expect(".b8"); err != nil {
		return err
	}
	if a.name = p.next(); !plain(a.name) || a.align > 16 {
		return p.bad("array %q", a.name)
	}
	if err := p.expect("["); err != nil {
		return err
	}
	if err := p.number(&a.bytes); err != nil {
		return err
	}
	p.entry.locals = append(p.entry.locals, a)
	return p.expect("] ;")
}

// find returns the register of a name, nil where there is none.
func (p *parser) find(name string) *register {
	if !strings.HasPrefix(name, "%") {
		return nil
	}
	prefix := strings.TrimRight(name, "0123456789")
	for i := len(p.scopes) - 1; i >= 0; i-- {
		d, ok := p.scopes[i][name]
		if !ok || d.count != 0 {
			d, ok = p.scopes[i][prefix]
			n, err := strconv.Atoi(name[len(prefix):])
			ok = ok && err == nil && n < d.count
		}
		if ok {
			c := "v_" + name[1:] + d.suffix
			r := p.names[c]
			if r == nil {
				r = &register{c, d.kind}
				p.names[c] = r
				p.entry.registers = append(p.entry.registers, r)
			}
			return r
		}
	}
	return nil
}

// special are the registers that the device fills.
var special = map[string]string{
	"%tid.x": "threadIdx.x", "%ntid.x": "blockDim.x", "%ctaid.x": "blockIdx.x", "%nctaid.x": "gridDim.x",
	"%laneid": "(threadIdx.x & 31)",
}

// statement reads a label or an instruction.
func (p *parser) statement() error {
	i := Instruction{Line: p.line()}
	if p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == ":" {
		i.Label = p.peek()
		if !strings.HasPrefix(i.Label, "$") || p.labels[i.Label]&2 != 0 {
			return p.bad("label %q", i.Label)
		}
		p.at += 2
		p.labels[i.Label] |= 2
		p.entry.Body = append(p.entry.Body, i)
		return nil
	}
	if p.accept("@") {
		i.negated = p.accept("!")
		r := p.find(p.peek())
		if r == nil || r.kind != "pred" {
			return p.bad("guard %q", p.peek())
		}
		p.at++
		i.guard = &operand{kind: isRegister, register: r}
	}
	if i.Op = p.next(); i.Op == "" || i.Op[0] < 'a' || i.Op[0] > 'z' {
		p.at--
		return p.bad("%q where an instruction must be", p.peek())
	}
	for !p.accept(";") {
		if len(i.args) > 0 {
			if err := p.expect(","); err != nil {
				return err
			}
		}
		a, err := p.operand()
		if err != nil {
			return err
		}
		i.args = append(i.args, a)
	}
	if i.Op == "bra" || i.Op == "bra.uni" {
		if len(i.args) != 1 || i.args[0].kind != isSymbol {
			return p.bad("%s without a label", i.Op)
		}
		p.labels[i.args[0].name] |= 1
	}
	p.entry.Body = append(p.entry.Body, i)
	return nil
}

func (p *parser) operand() (operand, error) {
	switch {
	case p.accept("{"):
		o := operand{kind: isVector}
		for {
			a, err := p.simple()
			if err != nil {
				return o, err
			}
			o.list = append(o.list, a)
			if p.accept("}") {
				return o, nil
			}
			if err := p.expect(","); err != nil {
				return o, err
			}
		}
	case p.accept("["):
		base, err := p.simple()
		if err != nil {
			return base, err
		}
		o := operand{kind: isAddress, list: []operand{base}}
		if p.accept("+") {
			offset, err := p.simple()
			if err != nil {
				return o, err
			}
			if offset.kind != isInteger {
				return o, p.bad("offset of an address")
			}
			o.bits = offset.bits
		}
		return o, p.expect("]")
	}
	a, err := p.simple()
	if err == nil && p.accept("|") {
		b, err := p.simple()
		return operand{kind: isPair, list: []operand{a, b}}, err
	}
	return a, err
}

// simple reads a register, a constant or a symbol.
func (p *parser) simple() (operand, error) {
	negative := p.accept("-")
	t := p.peek()
	if t == "" {
		return operand{}, p.bad("the text ends within an instruction")
	}
	if c := t[0]; c >= '0' && c <= '9' {
		o := operand{kind: isInteger}
		var err error
		if hex, ok := strings.CutPrefix(t, "0f"); ok && !negative && len(hex) == 8 {
			o.kind = isFloat
			o.bits, err = strconv.ParseUint(hex, 16, 32)
		} else if hex, ok := strings.CutPrefix(t, "0x"); ok {
			o.bits, err = strconv.ParseUint(hex, 16, 64)
		} else {
			o.bits, err = strconv.ParseUint(t, 10, 64)
			if len(t) > 1 && c == '0' {
				err = strconv.ErrSyntax // octal, or a float of another type
			}
		}
		if err != nil {
			return o, p.bad("number %q", t)
		}
		if negative {
			o.bits = -o.bits
		}
		p.at++
		return o, nil
	}
	if negative {
		return operand{}, p.bad("%q behind a sign", t)
	}
	if !inWord(t[0]) {
		return operand{}, p.bad("%q where an operand must be", t)
	}
	if r := p.find(t); r != nil {
		p.at++
		return operand{kind: isRegister, register: r}, nil
	}
	if name, ok := special[t]; ok {
		p.at++
		return operand{kind: isSpecial, name: name}, nil
	}
	if t[0] == '%' {
		return operand{}, p.bad("register %q", t)
	}
	p.at++
	o := operand{kind: isSymbol, name: t}
	if t == p.shared {
		o.name = sharedSymbol
	}
	return o, nil
}

// sharedSymbol stands for the dynamic shared array, whatever its name.
const sharedSymbol = " shared"
