package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"doin.network/node/internal/canon"
)

const (
	// maxFileBytes bounds a configuration file.
	maxFileBytes = 1 << 20
	maxDomains   = 64
	maxPeersList = 1000
	maxBounds    = 1000
)

// Load reads the file at path. Its error joins one Problem per fault, each naming
// the file; the warnings are for the log. A Config is returned only without error.
func Load(path string) (*Config, []Warning, error) { return LoadFor(Strict, path) }

// LoadFor is Load for a program with a rule set of its own, which holds where the file names none; "" means Strict.
func LoadFor(security Security, path string) (*Config, []Warning, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("configuration: %w", err)
	}
	c, warnings, err := parse(security, path, filepath.Dir(path), data)
	if c != nil {
		c.Path = path
	}
	return c, warnings, err
}

// Parse is Load of bytes already in memory; name stands for the file in errors, and paths are relative to the current directory.
// It retains nothing of data.
func Parse(name string, data []byte) (*Config, []Warning, error) {
	return parse(Strict, name, ".", data)
}

func parse(security Security, name, dir string, data []byte) (*Config, []Warning, error) {
	d := decoder{file: name, dir: dir, security: security}
	c := d.config(data)
	if len(d.problems) == 0 {
		d.problems = append(d.problems, c.problems()...)
	}
	if len(d.problems) > 0 {
		return nil, nil, d.err()
	}
	return c, append(d.warnings, c.warnings()...), nil
}

// decoder collects what is wrong and what is odd while a file is read.
type decoder struct {
	file     string
	dir      string   // what paths are relative to
	security Security // where the file names none
	problems []*Problem
	warnings []Warning
}

func (d *decoder) problem(key string, v any, reason string) {
	d.problems = append(d.problems, &Problem{Key: key, Value: show(v), Reason: reason})
}

func (d *decoder) err() error {
	errs := make([]error, len(d.problems))
	for i, p := range d.problems {
		p.File = d.file
		errs[i] = p
	}
	return errors.Join(errs...)
}

// config reads the whole file. Its result is meaningful only without problems.
func (d *decoder) config(data []byte) *Config {
	if len(data) > maxFileBytes {
		d.problems = append(d.problems, &Problem{Reason: fmt.Sprintf("larger than %d bytes", maxFileBytes)})
		return nil
	}
	// Numbers that are not finite are let through so that they can be named.
	v, err := canon.ParseNonFinite(data)
	if err != nil {
		d.problems = append(d.problems, syntaxProblem(data, err))
		return nil
	}
	o, ok := v.(*canon.Object)
	if !ok {
		d.problems = append(d.problems, &Problem{Reason: "must be a JSON object"})
		return nil
	}
	o = stripObject(o)
	d.finite("", o)
	if len(d.problems) > 0 {
		return nil
	}
	d.relocate(o, d.dir)
	c := DefaultConfig()
	c.Security, c.Raw, c.Dir = cmp.Or(d.security, c.Security), o, d.dir
	c.DataDir, _ = Relative(d.dir, c.DataDir)
	object := func(at *Config, v any) error { return nil } // read below
	keys := slices.Clone(nodeKeys)
	for _, name := range nodeObjects {
		keys = append(keys, key[Config]{name: name, read: object})
	}
	decode(d, "", o, &c, keys)
	c.setDefaults()
	c.setTransport()
	if v, ok := o.Get("fee_config"); ok {
		nested(d, "fee_config", v, &c.Fees, feeKeys)
	}
	if v, ok := o.Get("domains"); ok {
		c.Domains = d.domains(v)
	}
	if c.Security == Reference {
		d.lenient(&c)
	}
	return &c
}

// syntaxProblem says where in a text JSON ends to be JSON: line and column, both from 1, the column in characters.
func syntaxProblem(data []byte, err error) *Problem {
	var at *canon.SyntaxError
	if !errors.As(err, &at) {
		return &Problem{Reason: err.Error()}
	}
	before := data[:min(at.Offset, len(data))]
	line := bytes.Count(before, []byte("\n"))
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return &Problem{Reason: fmt.Sprintf("line %d, column %d: %s", line+1, column+1, at.Reason)}
}

// domains reads the list of domains.
func (d *decoder) domains(v any) []Domain {
	list, ok := v.([]any)
	if !ok {
		d.problem("domains", v, "must be a list of objects")
		return nil
	}
	if len(list) > maxDomains {
		d.problem("domains", len(list), fmt.Sprintf("must have at most %d members", maxDomains))
		return nil
	}
	out := make([]Domain, 0, len(list))
	for i, v := range list {
		path := indexed("domains", i)
		o, ok := v.(*canon.Object)
		if !ok {
			d.problem(path, v, "must be an object")
			continue
		}
		out = append(out, d.domain(path, o))
	}
	return out
}

func (d *decoder) domain(path string, o *canon.Object) Domain {
	dom := DefaultDomain()
	object := func(at *Domain, v any) error { return nil } // read below
	keys := slices.Clone(domainKeys)
	for _, name := range domainObjects {
		keys = append(keys, key[Domain]{name: name, read: object})
	}
	decode(d, path, o, &dom, keys)
	if v, ok := o.Get("resource_limits"); ok {
		nested(d, path+".resource_limits", v, &dom.Resources, resourceKeys)
	}
	if v, ok := o.Get("incentive_config"); ok {
		nested(d, path+".incentive_config", v, &dom.Incentives, incentiveKeys)
	}
	if v, ok := o.Get("migration"); ok {
		nested(d, path+".migration", v, &dom.Migration, migrationKeys)
	}
	if v, ok := o.Get("param_bounds"); ok {
		dom.Bounds = d.bounds(path+".param_bounds", v)
	}
	if dom.InferenceConfig.Len() == 0 {
		dom.InferenceConfig = dom.OptimizationConfig
	}
	if dom.SyntheticConfig.Len() == 0 {
		dom.SyntheticConfig = dom.OptimizationConfig
	}
	return dom
}

// bounds reads an object of name → [low, high].
func (d *decoder) bounds(path string, v any) []Bound {
	o, ok := v.(*canon.Object)
	if !ok {
		d.problem(path, v, errObject.Error())
		return nil
	}
	if o.Len() > maxBounds {
		d.problem(path, o.Len(), fmt.Sprintf("must have at most %d members", maxBounds))
		return nil
	}
	out := make([]Bound, 0, o.Len())
	for name, v := range o.All() {
		pair, ok := v.([]any)
		if !ok || len(pair) != 2 {
			d.problem(path+"."+name, v, "must be [low, high]")
			continue
		}
		low, errLow := toFloat(pair[0])
		high, errHigh := toFloat(pair[1])
		switch {
		case errLow != nil || errHigh != nil:
			d.problem(path+"."+name, v, "must be two numbers")
		case low > high:
			d.problem(path+"."+name, v, "low is above high")
		default:
			out = append(out, Bound{Name: name, Low: low, High: high})
		}
	}
	return out
}

// nested decodes a value that must be an object.
func nested[T any](d *decoder, path string, v any, at *T, keys []key[T]) {
	o, ok := v.(*canon.Object)
	if !ok {
		d.problem(path, v, errObject.Error())
		return
	}
	decode(d, path, o, at, keys)
}

// decode stores the members of o in at and collects problems and warnings.
func decode[T any](d *decoder, path string, o *canon.Object, at *T, keys []key[T]) {
	for name, v := range o.All() {
		full := join(path, name)
		i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == name })
		if i < 0 {
			if d.security == Reference {
				d.warnings = append(d.warnings, Warning{Key: full, Reason: unknown(name, names(keys)) + "; ignored, as Python nodes do"})
			} else {
				d.problem(full, v, unknown(name, names(keys)))
			}
			continue
		}
		if err := keys[i].read(at, v); err != nil && d.takeTheirs(full, name, v) {
			continue
		} else if err != nil {
			d.problem(full, v, err.Error())
			continue
		}
		if name == "dashboard_enabled" && d.security == Reference {
			continue // it says here what it says to Python nodes
		}
		if keys[i].unused != "" {
			d.warnings = append(d.warnings, Warning{Key: full, Reason: "accepted but has no effect: " + keys[i].unused})
		}
	}
}

// finite reports every number below v that is not finite.
func (d *decoder) finite(path string, v any) {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			d.problem(path, v, "must be a finite number")
		}
	case []any:
		for i, e := range v {
			d.finite(fmt.Sprintf("%s[%d]", path, i), e)
		}
	case *canon.Object:
		for name, e := range v.All() {
			d.finite(join(path, name), e)
		}
	}
}

// stripObject returns a copy of o without the keys that begin with "$", at any
// depth.
func stripObject(o *canon.Object) *canon.Object {
	out := canon.NewObject()
	for name, v := range o.All() {
		if !strings.HasPrefix(name, "$") {
			out.Set(name, strip(v))
		}
	}
	return out
}

func strip(v any) any {
	switch v := v.(type) {
	case *canon.Object:
		return stripObject(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = strip(e)
		}
		return out
	}
	return v
}

func indexed(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
