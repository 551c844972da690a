package node

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

// TestPartIn: a node takes up by itself only what its operator has allowed and its own program computes, with files of a bounded size;
// what the data directory says goes before.
func TestPartIn(t *testing.T) {
	entry := func(edit func(*chain.Domain)) *chain.Domain {
		d := chain.DefaultDomain("d")
		d.Plugin, d.Config = "forecast", canon.NewObject("horizon", 1)
		d.Files = []chain.File{{Key: "data", Name: "a.csv", Size: maxUnasked}}
		if edit != nil {
			edit(&d)
		}
		return &d
	}
	both, none := Role{true, true}, Role{}
	f := func(d *chain.Domain, roles map[string]Role, added string, want Role) {
		t.Helper()
		if got := partIn(d, roles, added); got != want {
			t.Errorf("partIn(%+v, %v, %s) = %v, want %v", d, roles, added, got, want)
		}
	}
	f(entry(nil), nil, config.AddedNone, none)
	f(entry(nil), nil, config.AddedBuiltin, both)
	f(entry(func(d *chain.Domain) { d.Plugin = "exec:./x" }), nil, config.AddedBuiltin, none)
	f(entry(func(d *chain.Domain) { d.Config = nil }), nil, config.AddedBuiltin, none)
	f(entry(func(d *chain.Domain) { d.Files[0].Size++ }), nil, config.AddedBuiltin, none)
	f(entry(nil), map[string]Role{"d": {Evaluate: true}}, config.AddedNone, Role{Evaluate: true})
	f(entry(nil), map[string]Role{"d": {}}, config.AddedBuiltin, none)
	f(entry(nil), map[string]Role{"e": both}, config.AddedNone, none)
}

// TestSplit: domains that a reorganization has taken out of the chain are awaited, the others keep their roles.
func TestSplit(t *testing.T) {
	g := Genesis(testConfig(t, oneDomain), nil, time.Unix(1_800_000_000, 0))
	here, gone := config.DefaultDomain(), config.DefaultDomain()
	here.ID, gone.ID = "d", "gone"
	has, awaited := split([]config.Domain{gone, here}, g)
	if len(has) != 1 || has[0].ID != "d" || !slices.Equal(awaited, []string{"gone"}) {
		t.Errorf("split = %v, %v; want d kept and gone awaited", has, awaited)
	}
	added := g.With([]chain.Domain{chain.DefaultDomain("gone")})
	if has, awaited := split([]config.Domain{gone, here}, added); len(has) != 2 || len(awaited) != 0 {
		t.Errorf("split with the domain added = %v, %v; want both kept", has, awaited)
	}
}

// TestRoles: parts are read back as they were written, one at a time; a file that is none is an error that names it.
func TestRoles(t *testing.T) {
	dir := t.TempDir()
	if roles, err := ReadRoles(dir); err != nil || len(roles) != 0 {
		t.Errorf("ReadRoles of an empty directory = %v, %v", roles, err)
	}
	for _, r := range []struct {
		id   string
		role Role
	}{{"a", Role{true, true}}, {"b", Role{Evaluate: true}}, {"a", Role{}}} {
		if err := WriteRole(dir, r.id, r.role); err != nil {
			t.Fatal(err)
		}
	}
	roles, err := ReadRoles(dir)
	if err != nil || len(roles) != 2 || roles["a"] != (Role{}) || roles["b"] != (Role{Evaluate: true}) {
		t.Errorf("ReadRoles = %v, %v", roles, err)
	}
	for _, bad := range []string{`{`, `{"a": 1}`, `{"a": {"optimize": "no"}}`} {
		if err := os.WriteFile(filepath.Join(dir, rolesFile), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRoles(dir); err == nil {
			t.Errorf("ReadRoles of %s = nil, want an error", bad)
		}
	}
}
