package vec

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestLaneProduct compares products whose columns are samples with single chains.
func TestLaneProduct(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(1, 7))
		width := k.LaneWidth()
		f := func(rows, vectors, terms int, forward, bias bool, then LaneThen, special bool) {
			t.Helper()
			n := vectors * max(width, 4)
			p := LaneProduct{Rows: rows, Samples: n, Terms: terms, Then: then, ARS: terms + r.IntN(3), ACS: 1}
			if forward {
				p.ARS, p.ACS = 1, rows+r.IntN(3)
			}
			a := draw(r, (rows-1)*p.ARS+(terms-1)*p.ACS+1, special)
			b, f, c := draw(r, terms*n, special), draw(r, rows*n, special), draw(r, rows*n, special)
			if bias {
				p.Bias = draw(r, rows, special)
			}
			want := make([]float32, rows*n)
			for i := range rows {
				for s := range n {
					acc := float32(0)
					if bias {
						acc = p.Bias[i]
					}
					for j := range terms {
						acc = FMA32(a[i*p.ARS+j*p.ACS], b[j*n+s], acc)
					}
					switch then {
					case ThenReLU:
						acc = ReLU(acc)
					case ThenReLUScale:
						if !(f[i*n+s] > 0) {
							acc = 0
						}
					case ThenScale:
						acc = float32(acc * f[i*n+s])
					}
					want[i*n+s] = acc
				}
			}
			ga, gb, gc, gf := guard32(r, a), guard32(r, b), guard32(r, c), guard32(r, f)
			p.A, p.B, p.C, p.F = ga.x, gb.x, gc.x, gf.x
			name := fmt.Sprintf("LaneProduct rows=%d samples=%d terms=%d ars=%d acs=%d bias=%v then=%d", rows, n, terms, p.ARS, p.ACS, bias, then)
			prepared := k.PrepareLanes(p)
			for range 2 {
				prepared.Run()
				compare(t, name, gc.x, want)
			}
			gc.check(t, name)
			compare(t, name+" a", ga.x, a)
			compare(t, name+" b", gb.x, b)
			compare(t, name+" f", gf.x, f)
			if allocs := testing.AllocsPerRun(1, prepared.Run); allocs != 0 {
				t.Errorf("%s: %v allocations, want 0", name, allocs)
			}
		}
		for _, rows := range edges(testing.Short())[1:] {
			for vectors := 1; vectors <= 6; vectors++ {
				for then := ThenNothing; then <= ThenScale; then++ {
					f(rows, vectors, 1+r.IntN(20), r.IntN(2) == 0, r.IntN(2) == 0, then, r.IntN(4) == 0)
				}
			}
		}
	})
}

// TestPrepared compares prepared products with those made at once.
func TestPrepared(t *testing.T) {
	eachISA(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(2, 7))
		for range 300 {
			m, n, terms := 1+r.IntN(40), 1+r.IntN([]int{5, 70}[r.IntN(2)]), 1+r.IntN(70)
			ars, acs := terms, 1
			if r.IntN(2) == 0 {
				ars, acs = 1, m
			}
			a, b := draw(r, m*terms+r.IntN(2)*16*max(ars, acs), false), draw(r, terms*n, false)
			got, want := draw(r, m*n, false), make([]float32, m*n)
			k.GemmFrom(want, n, nil, a, ars, acs, b, n, m, n, terms)
			p := k.Prepare(got, n, a, ars, acs, b, n, m, n, terms)
			p.Run()
			compare(t, fmt.Sprintf("Prepare m=%d n=%d k=%d ars=%d", m, n, terms, ars), got, want)
			if allocs := testing.AllocsPerRun(1, p.Run); allocs != 0 {
				t.Errorf("Prepare m=%d n=%d k=%d: %v allocations, want 0", m, n, terms, allocs)
			}
		}
	})
}
