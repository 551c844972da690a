// Package apitest reads docs/openapi.yaml and holds answers against it, for tests. Of JSON Schema it knows what that file uses:
// type, const, enum, required, properties, additionalProperties, items and references.
package apitest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

type object = map[string]any

// Document is a description of an HTTP interface.
type Document struct{ root object }

// Read reads a description.
func Read(path string) (*Document, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := &Document{}
	if err := yaml.Unmarshal(data, &d.root); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Operations returns what is described, as "GET /path", sorted.
func (d *Document) Operations() (out []string) {
	paths, _ := d.root["paths"].(object)
	for path, item := range paths {
		methods, _ := item.(object)
		for method := range methods {
			out = append(out, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(out)
	return out
}

// Check returns how an answer of an operation departs from its description; none: it does not.
func (d *Document) Check(operation string, status int, contentType string, body []byte) (faults []string) {
	method, path, _ := strings.Cut(operation, " ")
	answer := d.follow(d.at("paths", path, strings.ToLower(method), "responses", fmt.Sprint(status)))
	if answer == nil {
		return []string{fmt.Sprintf("%s: status %d is not described", operation, status)}
	}
	content, _ := answer["content"].(object)
	kind, _, _ := strings.Cut(contentType, ";")
	described, ok := content[kind].(object)
	if !ok {
		return []string{fmt.Sprintf("%s %d: content type %q is not described", operation, status, kind)}
	}
	schema, ok := described["schema"].(object)
	if !ok {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return []string{fmt.Sprintf("%s %d: %v", operation, status, err)}
	}
	d.hold(schema, v, fmt.Sprintf("%s %d", operation, status), &faults)
	return faults
}

// at returns the object at a way through the document, nil if there is none.
func (d *Document) at(way ...string) object {
	o := d.root
	for _, step := range way {
		o, _ = o[step].(object)
	}
	return o
}

// follow returns what an object refers to, itself if it does not.
func (d *Document) follow(o object) object {
	for {
		ref, ok := o["$ref"].(string)
		if !ok {
			return o
		}
		o = d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
}

// hold adds how v departs from a schema.
func (d *Document) hold(schema object, v any, path string, faults *[]string) {
	schema = d.follow(schema)
	bad := func(format string, a ...any) { *faults = append(*faults, path+": "+fmt.Sprintf(format, a...)) }
	if schema == nil {
		bad("a reference leads nowhere")
		return
	}
	if want, ok := schema["const"]; ok && v != want {
		bad("is %v, want %v", v, want)
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		bad("is %v, want one of %v", v, enum)
	}
	if kinds, ok := schema["type"]; ok && !slices.ContainsFunc(list(kinds), func(kind any) bool { return is(kind, v) }) {
		bad("is %T, want %v", v, kinds)
		return
	}
	switch v := v.(type) {
	case []any:
		if items, ok := schema["items"].(object); ok {
			for i, e := range v {
				d.hold(items, e, fmt.Sprintf("%s[%d]", path, i), faults)
			}
		}
	case object:
		known, _ := schema["properties"].(object)
		for _, name := range list(schema["required"]) {
			if _, ok := v[name.(string)]; !ok {
				bad("lacks %v", name)
			}
		}
		for name, e := range v {
			more, open := schema["additionalProperties"].(object)
			switch one, ok := known[name].(object); {
			case ok:
				d.hold(one, e, path+"."+name, faults)
			case open:
				d.hold(more, e, path+"."+name, faults)
			case schema["additionalProperties"] != true:
				bad("%s is not described", name)
			}
		}
	}
}

func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// is reports whether v is of a kind of JSON Schema.
func is(kind, v any) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	case object:
		return kind == "object"
	}
	return false
}
