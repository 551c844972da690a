package ptxrun

import "testing"

// TestBlocks: rows end where control may leave, begin where it may come, and know loops; classes are told apart.
func TestBlocks(t *testing.T) {
	m, err := Parse("test.ptx", preamble+head("k", 32)+`
$a:
	fma.rn.f32 %f1, %f2, %f3, %f1;
	@%p1 bra $a;
	bar.sync 0;
	div.s32 %r1, %r2, 3;
$b:
	ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [memory];
	st.u32 [%d1], %r1;
	@%p1 bra $a;
`+tail)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		loop    bool
		classes []Class
	}{
		{false, []Class{Parameter, Move}},
		{true, []Class{FMA, Branch}},
		{false, []Class{Barrier}},
		{false, []Class{Quotients}},
		{false, []Class{Shared, Generic, Branch}},
		{false, []Class{Branch}},
	}
	got := m.Entries[0].Blocks()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for n, w := range want {
		if got[n].Loop != w.loop || len(got[n].Body) != len(w.classes) {
			t.Errorf("row %d: loop %v of %d, want %v of %d", n, got[n].Loop, len(got[n].Body), w.loop, len(w.classes))
			continue
		}
		for k, c := range w.classes {
			if class := got[n].Body[k].Class(); class != c {
				t.Errorf("class of %s = %s, want %s", got[n].Body[k].Op, class, c)
			}
		}
	}
}
