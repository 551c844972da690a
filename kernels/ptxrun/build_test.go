package ptxrun

import (
	"errors"
	"testing"

	"doin.network/node/kernels/host"
)

// build compiles modules; the test is skipped, loudly, where there is no compiler.
func build(t testing.TB, modules []*Module, o Options) string {
	t.Helper()
	p, err := Build(t.Context(), "", modules, o)
	if errors.Is(err, host.ErrNoCompiler) {
		t.Skip("LEFT OUT: no C++ compiler, the PTX is not run")
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}
