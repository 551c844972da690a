package config

import (
	"fmt"
	"strings"

	"doin.network/node/ga/island"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

//go:generate go test -run ^TestKeyDocs$ -update .

// Table is an object of the file with the keys that have an effect in the strict profile or among Python nodes.
type Table struct {
	// Object is the path of the object, "" for the file itself; "domains[]" is each entry of "domains".
	Object string
	Keys   []KeyDoc
}

// KeyDoc is a key as the manual has it.
type KeyDoc struct {
	Name string
	// Kind is what a value is: "string", "integer", "number", "boolean", "seconds", "object", "list of strings", or "" for what
	// Text says.
	Kind string
	// Default is the value of a file without the key, nil where there is none.
	Default any
	// Text says what it is for, Range its default and bounds in words.
	Text, Range string
	// Choices are the only values of a string, nil where any is good.
	Choices []string
}

// Tables returns the keys of a node's file, fresh, from the tables by which it is read.
func Tables() []Table {
	node, domain := DefaultConfig(), DefaultDomain()
	return []Table{
		{"", append(describe("", nodeKeys, &node), part("fee_config", "object", "the fee market among Python nodes; members below"),
			part("domains", "list of objects", "the domains that the node has a role in; members below"))},
		{"fee_config", describe("fee_config", feeKeys, &node.Fees)},
		{"domains[]", append(describe("domains[]", domainKeys, &domain), part("param_bounds", "object", "what this node is willing to train: parameter → [low, high]"),
			part("resource_limits", "object", "limits of one job; members below"), part("incentive_config", "object", "the reward among Python nodes; members below"),
			part("migration", "object", "which champions of other nodes enter the search; members below"))},
		{"domains[].resource_limits", describe("domains[].resource_limits", resourceKeys, &domain.Resources)},
		{"domains[].incentive_config", describe("domains[].incentive_config", incentiveKeys, &domain.Incentives)},
		{"domains[].migration", describe("domains[].migration", migrationKeys, &domain.Migration)},
		{"domains[].optimization_config.ga", search()},
	}
}

func part(name, kind, text string) KeyDoc { return KeyDoc{Name: name, Kind: kind, Text: text} }

// choices are the values of keys that have a few.
var choices = map[string][]string{
	"security": {string(Strict), string(Reference)}, "added_domains": {AddedNone, AddedBuiltin}, "network_protocol": {Flooding, Gossipsub}, "network": {HTTP, P2P}, "log_format": {"text", "json"},
	"domains[].migration/topology": island.Topologies(), "domains[].migration/policy": island.Policies(),
}

func describe[T any](object string, keys []key[T], def *T) (out []KeyDoc) {
	for _, k := range keys {
		if k.unused != "" {
			continue
		}
		id := docID(object, k.name)
		d := KeyDoc{Name: k.name, Kind: string(k.kind), Text: keyDocs[id].text, Range: keyDocs[id].bounds, Choices: choices[id]}
		if k.value != nil {
			d.Default = k.value(def)
		}
		out = append(out, d)
	}
	return out
}

// docID names a key among those of all objects.
func docID(object, name string) string {
	if object == "" {
		return name
	}
	return object + "/" + name
}

// search are the settings of the genetic search, which ga/settings has.
func search() (out []KeyDoc) {
	for _, k := range settings.Keys() {
		d := KeyDoc{Name: k.Name, Kind: string(k.Kind), Default: k.Default, Text: k.Doc, Choices: k.Choices}
		if k.Kind == settings.Choice {
			d.Kind = string(kindText)
		} else {
			d.Range = fmt.Sprintf("%g to %g", k.Low, k.High)
		}
		if k.Kind == settings.Real {
			d.Kind = string(kindNumber)
		}
		out = append(out, d)
	}
	return out
}

// Schema returns the JSON Schema of a node's file, for editors. What depends on other values, and what a plugin knows, is not in
// it: Load and the worker check that.
func Schema() *canon.Object {
	objects := map[string]*canon.Object{}
	for _, t := range Tables() {
		objects[t.Object] = objectSchema(t.Keys)
	}
	nest := func(in, key, object string) { properties(objects[in]).Set(key, objects[object]) }
	ga := objects["domains[].optimization_config.ga"]
	properties(ga).Set(settings.IslandSettings, canon.NewObject("type", "array", "items", canon.NewObject("type", "object"), "maxItems", int64(settings.MaxIslands),
		"description", "what islands have that is not as the other settings say, a strategy or any of these but the population: island k has object k, counted round"))
	plugin := canon.NewObject("type", "object", "description", "the plugin's own keys, and the search's, here or in \"ga\"", "properties", canon.NewObject("ga", ga))
	properties(objects["domains[]"]).Set("optimization_config", plugin)
	nest("domains[]", "resource_limits", "domains[].resource_limits")
	nest("domains[]", "incentive_config", "domains[].incentive_config")
	nest("domains[]", "migration", "domains[].migration")
	nest("", "fee_config", "fee_config")
	properties(objects[""]).Set("domains", canon.NewObject("type", "array", "maxItems", int64(maxDomains), "items", objects["domains[]"]))
	idle(objects[""], nodeKeys)
	idle(objects["fee_config"], feeKeys)
	out := canon.NewObject("$schema", "https://json-schema.org/draft/2020-12/schema", "title", "configuration of a DOIN node")
	for k, v := range objects[""].All() {
		out.Set(k, v)
	}
	return out
}

// idle adds the keys that are accepted and good for nothing.
func idle[T any](o *canon.Object, keys []key[T]) {
	for _, k := range keys {
		if k.unused != "" {
			properties(o).Set(k.name, canon.NewObject("description", "has no effect: "+k.unused, "deprecated", true))
		}
	}
}

func properties(o *canon.Object) *canon.Object {
	p, err := o.Object("properties")
	if err != nil {
		panic(err) // objectSchema made it
	}
	return p
}

// objectSchema is the schema of an object that has these keys and comments.
func objectSchema(keys []KeyDoc) *canon.Object {
	p := canon.NewObject()
	for _, k := range keys {
		one := canon.NewObject()
		if types := schemaTypes[k.Kind]; types != nil {
			one.Set("type", types)
		}
		if text := strings.TrimSpace(k.Text + " " + k.Range); text != "" {
			one.Set("description", text)
		}
		if k.Kind == string(kindTexts) {
			one.Set("items", canon.NewObject("type", "string"))
		}
		if k.Default != nil {
			one.Set("default", k.Default)
		}
		if k.Choices != nil {
			one.Set("enum", anyTexts(k.Choices))
		}
		p.Set(k.Name, one)
	}
	return canon.NewObject("type", "object", "properties", p, "patternProperties", canon.NewObject(`^\$`, canon.NewObject()), "additionalProperties", false)
}

// schemaTypes are the kinds as JSON Schema has them. Null is written for no object and no seed.
var schemaTypes = map[string]any{
	string(kindText): "string", string(kindBool): "boolean", string(kindInteger): []any{"integer", "null"}, string(kindNumber): "number",
	string(kindSeconds): "number", string(kindObject): []any{"object", "null"}, string(kindTexts): "array",
}

// Object returns the whole configuration as a file would say it, defaults included; keys without an effect are left out.
func (c *Config) Object() *canon.Object {
	o := canon.NewObject()
	values(o, nodeKeys, c)
	fees := canon.NewObject()
	values(fees, feeKeys, &c.Fees)
	o.Set("fee_config", fees)
	list := []any{}
	for i := range c.Domains {
		d := &c.Domains[i]
		one, bounds := canon.NewObject(), canon.NewObject()
		values(one, domainKeys, d)
		for _, b := range d.Bounds {
			bounds.Set(b.Name, []any{wholeOrFloat(b.Low), wholeOrFloat(b.High)})
		}
		limits, incentives, migration := canon.NewObject(), canon.NewObject(), canon.NewObject()
		values(limits, resourceKeys, &d.Resources)
		values(incentives, incentiveKeys, &d.Incentives)
		values(migration, migrationKeys, &d.Migration)
		list = append(list, one.Set("param_bounds", bounds).Set("resource_limits", limits).Set("incentive_config", incentives).Set("migration", migration))
	}
	return o.Set("domains", list)
}

// values adds what the keys of an object are. A number of seeds or a format that is 0 is one that the file leaves open.
func values[T any](o *canon.Object, keys []key[T], at *T) {
	for _, k := range keys {
		if k.unused != "" || k.value == nil {
			continue
		}
		if v := k.value(at); !(v == int64(0) && (k.name == "seeds" || k.name == "format")) {
			o.Set(k.name, v)
		}
	}
}
