package consensus

import (
	"errors"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

// TestParseStateRefuses: a stored state that breaks what the rules take for granted is not handed out.
func TestParseStateRefuses(t *testing.T) {
	w := newNetwork(t, 4)
	w.extend(w.ids[1], Micro, w.acceptance(w.statement(w.ids[0], -0.5)))
	f := func(name, want string, change func(o *canon.Object)) {
		t.Helper()
		o, err := canon.ParseObject(w.state.AppendCanonical(nil))
		w.must(err)
		change(o)
		if _, err := ParseState(canon.Canonical(o), w.state.Rules()); !errors.Is(err, ErrState) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: ParseState = %v, want %q", name, err, want)
		}
	}
	last := func(o *canon.Object) *canon.Object {
		list, err := o.List("recent")
		w.must(err)
		return list[len(list)-1].(*canon.Object)
	}
	f("another network", "network", func(o *canon.Object) { o.Set("network", strings.Repeat("0", 64)) })
	f("another version", "version", func(o *canon.Object) { o.Set("version", int64(1)) })
	f("no window", "recent", func(o *canon.Object) { o.Set("recent", []any{}) })
	f("window of texts", "missing", func(o *canon.Object) { o.Set("recent", []any{"x"}) })
	f("window that ends elsewhere", "does not end", func(o *canon.Object) { o.Set("tip", strings.Repeat("0", 64)) })
	f("gap in the window", "out of order", func(o *canon.Object) {
		list, _ := o.List("recent")
		list[0].(*canon.Object).Set("height", int64(-7))
	})
	f("unsorted evaluators", "not sorted", func(o *canon.Object) { last(o).Set("eligible", []any{"b", "a"}) })
	f("unknown evaluator", "unknown evaluator", func(o *canon.Object) { last(o).Set("eligible", []any{"a"}) })
	f("foreign domain", "not the network's", func(o *canon.Object) {
		domains, _ := o.Object("domains")
		d, _ := domains.Object(domain)
		domains.Set("another", d)
	})
	f("no domain", "missing", func(o *canon.Object) { o.Set("domains", canon.NewObject()) })
	f("money out of nothing", "ledger", func(o *canon.Object) { o.Set("minted", int64(1)) })
	f("negative balance", "ledger", func(o *canon.Object) {
		accounts, _ := o.Object("accounts")
		accounts.Set(w.ids[0], []any{int64(-1), int64(0)})
	})
}
